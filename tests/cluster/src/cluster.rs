//! Homes, processes, and waiting for what they say.

use crate::ports::Ports;
use rustix::process::{Pid, Signal, kill_process};
use seaway_genesis::written::WrittenGenesis;
use seaway_genesis::{ceremony, seed};
use seaway_sdk::{Client, ClientError};
use seaway_types::genesis::GenesisDocument;
use seaway_types::signature::public_key;
use serde_json::{Value, json};
use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// How often something is asked while it is awaited.
const POLL: Duration = Duration::from_millis(5);
/// How long a node may take to end when it is asked to; then it is killed, and has not ended well.
const STOP_PATIENCE: Duration = Duration::from_secs(30);
/// How many lines of a node's log a failure quotes.
const LAST_WORDS: usize = 20;

/// Milliseconds since 1970.
pub fn now_ms() -> u64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(now.as_millis()).unwrap_or(u64::MAX)
}

/// A node of the cluster.
pub struct Node {
    /// The participant that runs it.
    pub bic: String,
    /// Whether it only follows.
    pub observer: bool,
    /// Where clients ask it.
    pub url: String,
    /// Its home.
    pub home: PathBuf,
    process: Option<Child>,
    /// Processes that a second one was started beside.
    earlier: Vec<Child>,
}

impl Node {
    /// The end of what the node logged, for a message that outlives its home.
    fn last_words(&self) -> String {
        let log = std::fs::read_to_string(self.home.join("node.log")).unwrap_or_default();
        let lines: Vec<&str> = log.lines().collect();
        let last = lines.get(lines.len().saturating_sub(LAST_WORDS)..).unwrap_or_default();
        format!("{} logged last:\n{}", self.bic, last.join("\n"))
    }
}

/// See the module.
pub struct Cluster {
    /// The nodes: four validators and an observer.
    pub nodes: Vec<Node>,
    /// The genesis.
    pub document: GenesisDocument,
    /// Where its nodes listen.
    pub ports: Ports,
    seawayd: PathBuf,
}

/// The name of a node that is a copy of another one's disk.
const LONE: &str = "lone";

/// Copies a folder with everything in it.
pub fn copy_folder(from: &Path, to: &Path) -> std::io::Result<()> {
    std::fs::create_dir_all(to)?;
    for entry in std::fs::read_dir(from)? {
        let entry = entry?;
        let target = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            copy_folder(&entry.path(), &target)?;
        } else {
            std::fs::copy(entry.path(), target)?;
        }
    }
    Ok(())
}

/// The program beside this one.
fn program(name: &str) -> Result<PathBuf, String> {
    let own = std::env::current_exe().map_err(|error| error.to_string())?;
    let mut folder = own.parent().map(Path::to_owned).unwrap_or_default();
    if folder.ends_with("deps") {
        folder.pop();
    }
    let path = folder.join(name);
    if path.exists() {
        Ok(path)
    } else {
        Err(format!("{} is not built; 'cargo build -p seaway-app -p seaway-cli' makes it", path.display()))
    }
}

impl Cluster {
    /// Makes the devnet's genesis and homes in a folder. Nothing runs yet.
    pub fn make(root: &Path, ports: Ports) -> Result<Self, String> {
        let draft = WrittenGenesis::parse(ceremony::DEVNET).map_err(|error| error.to_string())?;
        Self::make_of(root, ports, draft)
    }

    /// The same of a draft whose validators are the devnet's.
    pub fn make_of(root: &Path, ports: Ports, draft: WrittenGenesis) -> Result<Self, String> {
        let seawayd = program("seawayd")?;
        let written = ceremony::devnet_of(draft).map_err(|error| error.to_string())?;
        let document = written.document().map_err(|error| error.to_string())?;
        std::fs::create_dir_all(root).map_err(|error| format!("{}: {error}", root.display()))?;
        let genesis = root.join("genesis.toml");
        let text = written.to_toml().map_err(|error| error.to_string())?;
        std::fs::write(&genesis, text).map_err(|error| format!("{}: {error}", genesis.display()))?;
        let mut bics: Vec<(String, bool)> =
            ceremony::devnet_validators(&written).into_iter().map(|(bic, _)| (bic, false)).collect();
        bics.push(("MONAHKHH".to_owned(), true));
        let mut nodes = Vec::new();
        for ((bic, observer), own) in bics.iter().zip(0..) {
            let home = root.join(bic);
            let mut init = Command::new(&seawayd);
            init.arg("init").arg("--home").arg(&home).arg("--genesis").arg(&genesis);
            init.args(["--devnet", bic, "--listen", &ports.listen(own), "--rpc", &ports.rpc(own)]);
            for ((other, other_observes), place) in bics.iter().zip(0..) {
                if other != bic && !other_observes {
                    let key = public_key(&seed::secret_key(&format!("node-{other}")));
                    init.args(["--peer", &format!("{key}@{}", ports.dialled(own, place))]);
                }
            }
            if *observer {
                init.arg("--observer");
            }
            let made = init.stdout(Stdio::null()).status().map_err(|error| error.to_string())?;
            if !made.success() {
                return Err(format!("seawayd init for {bic} failed"));
            }
            let url = format!("http://{}", ports.rpc(own));
            nodes.push(Node { bic: bic.clone(), observer: *observer, url, home, process: None, earlier: Vec::new() });
        }
        Ok(Self { nodes, document, seawayd, ports })
    }

    /// Adds a node that knows nobody and follows nobody, with a copy of what another one, which does not run, has on its disk:
    /// what it answers comes from that disk alone. Returns its place; a copy that was made before is replaced.
    pub fn add_lone_copy(&mut self, of: usize) -> Result<usize, String> {
        let place = self.nodes.iter().position(|node| node.bic == LONE).unwrap_or(self.nodes.len());
        let own = u16::try_from(place).map_err(|error| error.to_string())?;
        let from = self.nodes[of].home.clone();
        let home = from.with_file_name(LONE);
        self.remove_lone_copy();
        let failed = |error: std::io::Error| format!("{}: {error}", home.display());
        copy_folder(&from, &home).map_err(failed)?;
        let path = home.join("seawayd.toml");
        let mut config: toml::Table =
            std::fs::read_to_string(&path).map_err(failed)?.parse().map_err(|error| format!("{error}"))?;
        let mut set = |section: &str, key: &str, value: toml::Value| {
            if let Some(section) = config.get_mut(section).and_then(toml::Value::as_table_mut) {
                section.insert(key.to_owned(), value);
            }
        };
        set("network", "listen", vec![self.ports.listen(own)].into());
        set("network", "peers", toml::Value::Array(Vec::new()));
        set("rpc", "listen", self.ports.rpc(own).into());
        config.insert("observer".to_owned(), true.into());
        std::fs::write(&path, config.to_string()).map_err(failed)?;
        let url = format!("http://{}", self.ports.rpc(own));
        let node = Node { bic: LONE.to_owned(), observer: true, url, home, process: None, earlier: Vec::new() };
        self.nodes.push(node);
        Ok(place)
    }

    /// Ends the node of [`Cluster::add_lone_copy`] and removes its home.
    pub fn remove_lone_copy(&mut self) {
        if let Some(place) = self.nodes.iter().position(|node| node.bic == LONE) {
            self.kill(place);
            let node = self.nodes.remove(place);
            // What is left of it is in the network's folder, which goes as a whole.
            let _left = std::fs::remove_dir_all(node.home);
        }
    }

    /// The node's program, to call with other arguments.
    pub fn seawayd(&self) -> Command {
        Command::new(&self.seawayd)
    }

    /// The client's program, beside the node's.
    pub fn seaway(&self) -> Command {
        Command::new(self.seawayd.with_file_name("seaway"))
    }

    /// Starts a node; what it says goes to `node.log` in its home.
    pub fn start(&mut self, place: usize) -> Result<(), String> {
        self.start_with(place, &[])
    }

    /// Starts a node with variables in its environment.
    pub fn start_with(&mut self, place: usize, variables: &[(&str, &str)]) -> Result<(), String> {
        let mut command = Command::new(&self.seawayd);
        command.envs(variables.iter().copied());
        self.spawn(place, command)
    }

    /// Starts a node by a command that runs what is appended to it.
    pub fn start_within(&mut self, place: usize, wrapper: &[String]) -> Result<(), String> {
        let (program, arguments) = wrapper.split_first().ok_or("a wrapper names a program")?;
        let mut command = Command::new(program);
        command.args(arguments).arg(&self.seawayd);
        self.spawn(place, command)
    }

    fn spawn(&mut self, place: usize, mut command: Command) -> Result<(), String> {
        let node = &mut self.nodes[place];
        let path = node.home.join("node.log");
        let log = File::options().create(true).append(true).open(&path);
        let log = log.map_err(|error| format!("{}: {error}", path.display()))?;
        let child = command
            .arg("run")
            .arg("--home")
            .arg(&node.home)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(log)
            .spawn();
        node.process = Some(child.map_err(|error| error.to_string())?);
        Ok(())
    }

    /// Starts a second process on the home of a node that runs; the first goes on.
    pub fn start_second(&mut self, place: usize) -> Result<(), String> {
        let first = self.nodes[place].process.take();
        self.nodes[place].earlier.extend(first);
        self.start(place)
    }

    /// Starts all nodes.
    pub fn start_all(&mut self) -> Result<(), String> {
        (0..self.nodes.len()).try_for_each(|place| self.start(place))
    }

    /// Ends a node at once (SIGKILL).
    pub fn kill(&mut self, place: usize) {
        let node = &mut self.nodes[place];
        for mut process in node.process.take().into_iter().chain(node.earlier.drain(..)) {
            let _gone = process.kill();
            let _status = process.wait();
        }
    }

    /// Stops a node in the middle of whatever it does (SIGSTOP), or lets it go on (SIGCONT).
    pub fn hold_up(&self, place: usize, held: bool) -> Result<(), String> {
        let id = self.process_id(place).and_then(|id| i32::try_from(id).ok()).and_then(Pid::from_raw);
        let signal = if held { Signal::STOP } else { Signal::CONT };
        kill_process(id.ok_or("the node does not run")?, signal).map_err(|error| error.to_string())
    }

    /// Asks a node to end (SIGTERM) and waits for it. Returns whether it ended well.
    pub fn stop(&mut self, place: usize) -> bool {
        let Some(mut process) = self.nodes[place].process.take() else { return true };
        let id = i32::try_from(process.id()).ok().and_then(Pid::from_raw);
        if id.is_none_or(|id| kill_process(id, Signal::TERM).is_err()) {
            let _gone = process.kill();
        }
        let begun = Instant::now();
        loop {
            match process.try_wait() {
                Ok(Some(status)) => return status.success(),
                Ok(None) if begun.elapsed() < STOP_PATIENCE => std::thread::sleep(POLL),
                _ => break,
            }
        }
        let _gone = process.kill();
        let _status = process.wait();
        false
    }

    /// Ends all nodes in order. Returns whether all ended well.
    pub fn stop_all(&mut self) -> bool {
        let ended: Vec<bool> = (0..self.nodes.len()).map(|place| self.stop(place)).collect();
        ended.into_iter().all(|well| well)
    }

    /// Waits until a node's process has ended by itself, and returns the end of what it logged.
    pub async fn ended(&mut self, place: usize, patience: Duration) -> Result<String, String> {
        let start = Instant::now();
        while self.runs(place) {
            if start.elapsed() > patience {
                return Err(format!("{} still runs; {}", self.nodes[place].bic, self.nodes[place].last_words()));
            }
            tokio::time::sleep(POLL).await;
        }
        Ok(self.nodes[place].last_words())
    }

    /// The height that a node says it has.
    pub async fn height(&self, place: usize) -> Result<u64, String> {
        let status =
            self.client(place)?.call("network_status", json!({})).await.map_err(|error| error.to_string())?;
        status["height"].as_str().and_then(|text| text.parse().ok()).ok_or_else(|| status.to_string())
    }

    /// Waits until a node has reached a height.
    pub async fn reaches(&self, place: usize, height: u64, patience: Duration) -> Result<(), String> {
        let reached = |answer: &Value| answer["height"].as_str().and_then(|text| text.parse::<u64>().ok());
        let enough = |answer: &Value| reached(answer).is_some_and(|reached| reached >= height);
        self.until(place, "network_status", &json!({}), patience, enough).await.map(drop)
    }

    /// Whether a node's process still runs.
    pub fn runs(&mut self, place: usize) -> bool {
        let process = &mut self.nodes[place].process;
        let runs = process.as_mut().is_some_and(|process| matches!(process.try_wait(), Ok(None)));
        if !runs {
            *process = None;
        }
        runs
    }

    /// The id of a node's process.
    pub fn process_id(&self, place: usize) -> Option<u32> {
        self.nodes[place].process.as_ref().map(Child::id)
    }

    /// A client of one node.
    pub fn client(&self, place: usize) -> Result<Client, String> {
        Client::new(std::slice::from_ref(&self.nodes[place].url)).map_err(|error| error.to_string())
    }

    /// Asks a node until its answer satisfies, and returns the answer. Gives up after a while, with the last answer.
    pub async fn until(
        &self,
        place: usize,
        method: &str,
        params: &Value,
        patience: Duration,
        mut satisfies: impl FnMut(&Value) -> bool,
    ) -> Result<Value, String> {
        let client = self.client(place)?;
        let start = Instant::now();
        let mut last = String::from("no answer");
        while start.elapsed() < patience {
            match client.call(method, params.clone()).await {
                Ok(answer) if satisfies(&answer) => return Ok(answer),
                Ok(answer) => last = answer.to_string(),
                Err(ClientError::Refused { message, .. }) => last = message,
                Err(error) => last = error.to_string(),
            }
            if let Some(ended) = (0..self.nodes.len()).find(|place| self.has_ended(*place)) {
                let asked = &self.nodes[place].bic;
                return Err(format!(
                    "while {asked} was asked, another has ended: {}",
                    self.nodes[ended].last_words()
                ));
            }
            tokio::time::sleep(POLL).await;
        }
        let said = self.nodes[place].last_words();
        Err(format!("{method} {params}: after {patience:?} still {last}; {said}"))
    }

    /// Whether a node's process was started and has ended by itself.
    fn has_ended(&self, place: usize) -> bool {
        let Some(id) = self.process_id(place) else { return false };
        // Field 3 of proc(5): Z is a process that has ended and whose parent has not looked yet.
        let stat = std::fs::read_to_string(format!("/proc/{id}/stat")).unwrap_or_default();
        stat.rsplit(')').next().is_none_or(|rest| rest.trim_start().starts_with('Z') || rest.is_empty())
    }

    /// Waits until each running node is connected with all other running ones.
    pub async fn connected(&mut self, patience: Duration) -> Result<(), String> {
        let running: Vec<usize> =
            (0..self.nodes.len()).filter(|place| self.nodes[*place].process.is_some()).collect();
        for place in &running {
            let expected = running.len() - 1;
            let peers = |answer: &Value| answer["peers"].as_array().map_or(0, Vec::len) >= expected;
            self.until(*place, "network_peers", &json!({}), patience, peers).await?;
        }
        Ok(())
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        for place in 0..self.nodes.len() {
            self.kill(place);
        }
    }
}
