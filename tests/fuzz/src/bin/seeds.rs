//! `fuzz-seeds DIR`: writes each target's seeds to `DIR/TARGET/HASH.bin`, where a fuzzer begins with them.
//!
//! Exit codes: 0 all are written, 1 one could not be, 2 no folder is named.

use seaway_fuzz::{CANARY, TARGETS};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

fn main() -> ExitCode {
    let mut arguments = std::env::args_os().skip(1);
    let (Some(folder), None) = (arguments.next(), arguments.next()) else {
        eprintln!("usage: fuzz-seeds DIR");
        return ExitCode::from(2);
    };
    match write_all(Path::new(&folder)) {
        Ok(count) => {
            println!("{count} seeds");
            ExitCode::SUCCESS
        }
        Err((path, error)) => {
            eprintln!("{}: {error}", path.display());
            ExitCode::FAILURE
        }
    }
}

/// Writes them and counts them; or says which file or folder failed.
fn write_all(folder: &Path) -> Result<usize, (PathBuf, std::io::Error)> {
    let mut count = 0;
    for target in TARGETS.iter().chain([&CANARY]) {
        let folder = folder.join(target.name);
        std::fs::create_dir_all(&folder).map_err(|error| (folder.clone(), error))?;
        for seed in (target.seeds)() {
            // The same seed has the same name whenever it is written.
            let path = folder.join(format!("{}.bin", blake3::hash(&seed).to_hex()));
            std::fs::write(&path, &seed).map_err(|error| (path, error))?;
            count += 1;
        }
    }
    Ok(count)
}
