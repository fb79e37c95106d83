//! Processes whose system calls fail, or kill them, by strace.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Which calls are hurt, and how.
#[derive(Clone, Debug)]
pub struct Injection {
    /// The calls, as strace names them, with commas between.
    pub calls: &'static str,
    /// What happens at one of them: `signal=KILL`, `error=EIO`.
    pub what: &'static str,
    /// At which one, counted for each thread and each call by itself.
    pub when: u64,
    /// Only calls on these files; all without any.
    pub paths: Vec<PathBuf>,
}

/// Whether strace is there and may trace.
pub fn available() -> bool {
    Command::new("strace").args(["-qq", "-o", "/dev/null", "true"]).status().is_ok_and(|status| status.success())
}

/// The command that runs what follows it with its calls written to a log, and hurt if anything is to be.
pub fn traced(calls: &str, injection: Option<&Injection>, log: &Path) -> Vec<String> {
    // The tracer is a grandchild, so that the process that is started is the node itself.
    let mut command: Vec<String> = ["strace", "-D", "-f", "-qq"].map(str::to_owned).to_vec();
    // Other calls run at full speed, but where a signal is to come, for which this does not work.
    if injection.is_none_or(|injection| !injection.what.starts_with("signal")) {
        command.push("--seccomp-bpf".to_owned());
    }
    command.extend(["-o".to_owned(), log.display().to_string()]);
    command.extend(["-e".to_owned(), format!("trace={calls}")]);
    if let Some(Injection { calls, what, when, paths }) = injection {
        command.extend(["-e".to_owned(), format!("inject={calls}:{what}:when={when}")]);
        command.extend(paths.iter().flat_map(|path| ["-P".to_owned(), path.display().to_string()]));
    }
    command
}

/// How often a log has a call, of the thread that made it most.
pub fn most_by_one_thread(log: &Path, name: &str) -> Result<u64, String> {
    let text = std::fs::read_to_string(log).map_err(|error| format!("{}: {error}", log.display()))?;
    let mut counts: BTreeMap<&str, u64> = BTreeMap::new();
    for (thread, call) in text.lines().filter_map(parts) {
        if call.strip_prefix(name).is_some_and(|rest| rest.starts_with('(')) {
            *counts.entry(thread).or_default() += 1;
        }
    }
    Ok(counts.into_values().max().unwrap_or(0))
}

/// Calls of one name that the thread of the first hurt call made after it.
pub fn after_the_first_hurt(log: &Path, name: &str) -> Result<Option<usize>, String> {
    let text = std::fs::read_to_string(log).map_err(|error| format!("{}: {error}", log.display()))?;
    let mut lines = text.lines();
    let Some(hurt) = lines.find(|line| line.contains("(INJECTED)")) else { return Ok(None) };
    let Some((thread, _)) = parts(hurt) else { return Ok(None) };
    Ok(Some(lines.filter_map(parts).filter(|(of, call)| *of == thread && call.starts_with(name)).count()))
}

fn parts(line: &str) -> Option<(&str, &str)> {
    let (thread, call) = line.split_once(' ')?;
    Some((thread, call.trim_start()))
}
