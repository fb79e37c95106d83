//! Contracts in the small network of the tests.

use super::*;
use seaway_types::contract::*;
use seaway_types::hash::Hash32;
use seaway_types::instruction::contract::*;
use seaway_vm::{Program, text};

pub const DAY_MS: u64 = 86_400_000;

pub fn program(name: &str) -> Program {
    let source = seaway_contracts::text_of(name).unwrap();
    Program::from_code(text::read(source).unwrap().code).unwrap()
}

pub fn list<T: Clone, const MAX: usize>(items: &[T]) -> Bounded<T, MAX> {
    Bounded::new(items.to_vec()).unwrap()
}

/// What a person does with contracts.
pub trait Contracts {
    fn register(&mut self, name: &str) -> Hash32;
    fn open(&mut self, signers: &[Submitter], terms: Terms) -> InstanceId;
    fn call(&mut self, who: Submitter, id: InstanceId, at: (u8, u8), arguments: &[Value]) -> InstructionReceipt;
    fn time(&self, after_ms: u64) -> Value;
    fn pass(&mut self, ms: u64) -> Vec<Receipt>;
    fn stage(&self, id: InstanceId) -> Stage;
    fn escrow(&mut self) -> (InstanceId, Hash32);
}

pub fn called(id: InstanceId, (state, clause): (u8, u8), arguments: &[Value]) -> Leg {
    Leg::CallContract(CallContract {
        target: Target::Instance(id),
        state,
        clause,
        caller: None,
        arguments: list(arguments),
        attestations: Bounded::default(),
    })
}

impl Contracts for Net {
    fn register(&mut self, name: &str) -> Hash32 {
        let program = program(name);
        let register = RegisterCode { by: hk_bank(), code: program.bytes().clone() };
        let receipt = self.leg(bank(hk_bank()), Leg::RegisterCode(register));
        assert_eq!(receipt.status, Status::Accc, "{:?}", receipt.reason);
        program.hash()
    }

    fn open(&mut self, signers: &[Submitter], terms: Terms) -> InstanceId {
        let uetr = self.uetr();
        let leg = Leg::OpenContract(OpenContract { terms, uetr });
        let instruction = self.signed(signers[0], &signers[1..], Body::Single(leg));
        let id = InstanceId::of_opening(&signers[0], &instruction.envelope().key, 0);
        let receipts = self.block(&[instruction]);
        let Some(Receipt::Instruction(receipt)) = receipts.last() else { panic!() };
        assert_eq!((receipt.status, receipt.reason), (Status::Accc, None));
        id
    }

    fn call(&mut self, who: Submitter, id: InstanceId, at: (u8, u8), arguments: &[Value]) -> InstructionReceipt {
        self.leg(who, called(id, at, arguments))
    }

    fn time(&self, after_ms: u64) -> Value {
        Value::Time(self.now.after_ms(after_ms))
    }

    /// Lets time pass, and then an empty block.
    fn pass(&mut self, ms: u64) -> Vec<Receipt> {
        self.now = self.now.after_ms(ms);
        self.block(&[])
    }

    fn stage(&self, id: InstanceId) -> Stage {
        self.state.tables().instances.get(&id).unwrap().stage
    }

    /// Alice buys from the supplier for 1000, an arbiter stands by; funded.
    fn escrow(&mut self) -> (InstanceId, Hash32) {
        let code = self.register("Escrow");
        let terms = Terms {
            code,
            parties: list(&[ALICE, SUPPLIER]),
            panels: list(&[list(&[bank(sg_bank())])]),
            assets: list(&[HKD]),
            parameters: list(&[Value::Money(money(1000)), self.time(DAY_MS), self.time(10 * DAY_MS)]),
        };
        let id = self.open(&[of(ALICE)], terms);
        assert_eq!(self.call(of(ALICE), id, (0, 0), &[]).status, Status::Accc);
        (id, code)
    }
}
