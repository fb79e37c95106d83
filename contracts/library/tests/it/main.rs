//! Every way through the standard contracts.

mod paths;
mod play;

use seaway_contracts::STANDARD;
use seaway_vm::{Program, Refused, text};

/// The program of a text, or its faults as a person would see them.
pub fn program(source: &str) -> Program {
    let read = text::read(source).unwrap_or_else(|fault| panic!("{}", text::shown(source, fault.at, &fault.what)));
    match Program::from_code(read.code) {
        Ok(program) => program,
        Err(Refused::Faults(faults)) => {
            let shown: Vec<String> =
                faults.iter().map(|fault| text::shown(source, read.places.find(fault.place), &fault.what)).collect();
            panic!("{}", shown.join("\n"));
        }
        Err(other) => panic!("{other:?}"),
    }
}

#[test]
fn each_is_accepted_in_normal_form() {
    for standard in STANDARD {
        let program = program(standard.text);
        assert_eq!(program.code().name.as_str(), standard.name);
        assert_eq!(text::write(program.code()), standard.text, "{}", standard.name);
        assert_eq!(program.bytes().decode().as_ref(), Ok(program.code()));
        println!("{}: {} bytes, warnings {:?}", standard.name, program.bytes().0.len(), program.warnings());
    }
}
