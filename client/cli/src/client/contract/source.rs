//! Texts of contracts: read, checked, written in normal form. No node is asked.

use super::File;
use crate::output::say;
use seaway_vm::{Program, Refused, text};
use std::process::ExitCode;

/// The text of a file or of a standard contract.
pub fn source(contract: &str) -> Result<String, String> {
    if let Some(text) = seaway_contracts::text_of(contract) {
        return Ok(text.to_owned());
    }
    let size = std::fs::metadata(contract).map_err(|error| format!("{contract}: {error}"))?.len();
    if size > 1 << 20 {
        return Err(format!("{contract}: {size} bytes are no contract"));
    }
    std::fs::read_to_string(contract).map_err(|error| format!("{contract}: {error}"))
}

/// The program of a text; what is wrong with it, as a compiler says it.
pub fn program(contract: &str) -> Result<Program, String> {
    let source = source(contract)?;
    let read =
        text::read(&source).map_err(|fault| format!("{contract}:{}", text::shown(&source, fault.at, &fault.what)))?;
    Program::from_code(read.code).map_err(|refused| match refused {
        Refused::Bytes(error) => format!("{contract}: {error}"),
        Refused::Faults(faults) => {
            let shown = faults.iter().map(|fault| {
                let what = format!("{} (rule {})", fault.what, fault.rule as u8);
                format!("{contract}:{}", text::shown(&source, read.places.find(fault.place), &what))
            });
            shown.collect::<Vec<_>>().join("\n")
        }
    })
}

/// Says whether a text is accepted, with its hash and warnings.
pub fn check(file: &File) -> Result<ExitCode, String> {
    match program(&file.contract) {
        Ok(program) => {
            let source = source(&file.contract)?;
            let code = program.code();
            say!(
                "{} v{}: accepted, {} bytes, code {}",
                code.name,
                code.version,
                program.bytes().0.len(),
                program.hash()
            );
            for warning in program.warnings() {
                let place = text::read(&source).map(|read| read.places.find(warning.place));
                if let Ok(at) = place {
                    say!("{}:{}", file.contract, text::shown(&source, at, &format!("warning: {}", warning.what)));
                }
            }
            Ok(ExitCode::SUCCESS)
        }
        Err(problem) => {
            eprintln!("{problem}");
            Ok(ExitCode::from(2))
        }
    }
}

/// Prints the normal form.
pub fn format(file: &File) -> Result<ExitCode, String> {
    let program = program(&file.contract)?;
    say!("{}", text::write(program.code()).trim_end());
    Ok(ExitCode::SUCCESS)
}
