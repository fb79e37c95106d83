//! Canonical bytes of all forms that are stored, sent or signed. The first byte says which.

use crate::Target;
use crate::day::day;
use crate::property::{canonical, same_in_json};
use crate::vectors;
use seaway_engine::{LogEntry, Record, Timer, TimerKind};
use seaway_ledger::state::RegisteredCode;
use seaway_types::asset::Asset;
use seaway_types::block::{
    Block, BlockDraft, Certificate, FinalBlock, LedgerProof, Round, SettlementProof, SignedProposal, SignedVote,
};
use seaway_types::calendar::Calendar;
use seaway_types::codec;
use seaway_types::contract::{Attestation, Code, ContractEvent, SignedOffer, Terms};
use seaway_types::genesis::{GenesisDocument, SignedGenesis};
use seaway_types::instruction::contract::Target as CallTarget;
use seaway_types::instruction::{Envelope, Instruction, Leg};
use seaway_types::limits::GENESIS_BYTES_MAX;
use seaway_types::receipt::{CreditOutcome, Posting, Receipt};
use seaway_types::state::{
    Account, Allowance, Balance, Hold, IndexEntry, IndexKey, Instance, Parameters, Participant, Payment, StateKey,
    Threshold, TierLimits, Totals, Usage, Validators,
};
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::collections::BTreeMap;
use std::fmt::Debug;

/// See the module.
pub(crate) const TARGET: Target = Target { name: "codec", run, seeds, bytes_max: 64 << 10 };

/// A type whose values have canonical bytes.
struct Form {
    name: &'static str,
    check: fn(&[u8]),
}

const fn form<T: Serialize + DeserializeOwned + PartialEq + Debug>(name: &'static str) -> Form {
    Form { name, check: check::<T> }
}

/// The first byte of an input is a position here, so that new forms stand at the end.
const FORMS: &[Form] = &[
    form::<Envelope>("envelope"),
    form::<Instruction>("instruction"),
    form::<Block>("block"),
    form::<FinalBlock>("final block"),
    form::<BlockDraft>("draft"),
    form::<Certificate>("certificate"),
    form::<SignedVote>("vote"),
    form::<SignedProposal>("proposal"),
    form::<Receipt>("receipt"),
    form::<CreditOutcome>("outcome"),
    form::<Posting>("posting"),
    form::<ContractEvent>("event"),
    form::<GenesisDocument>("document"),
    form::<SignedGenesis>("genesis"),
    form::<SettlementProof>("settlement"),
    form::<LedgerProof>("ledger proof"),
    form::<LogEntry>("log entry"),
    form::<Code>("code"),
    form::<Terms>("terms"),
    form::<SignedOffer>("offer"),
    form::<Attestation>("attestation"),
    form::<StateKey>("state key"),
    form::<Parameters>("parameters"),
    form::<Validators>("validators"),
    form::<Participant>("participant"),
    form::<Asset>("asset"),
    form::<Totals>("totals"),
    form::<Account>("account"),
    form::<Balance>("balance"),
    form::<Hold>("hold"),
    form::<Payment>("payment"),
    form::<TierLimits>("tier limits"),
    form::<Usage>("usage"),
    form::<Calendar>("calendar"),
    form::<Threshold>("threshold"),
    form::<RegisteredCode>("registered code"),
    form::<Instance>("instance"),
    form::<Allowance>("allowance"),
    form::<IndexKey>("index key"),
    form::<IndexEntry>("index entry"),
];

/// What decodes is encoded as the same bytes, and its JSON form leads back to the same value.
fn check<T: Serialize + DeserializeOwned + PartialEq + Debug>(bytes: &[u8]) {
    if let Some(value) = canonical::<T>(bytes, GENESIS_BYTES_MAX) {
        same_in_json(&value);
    }
}

fn run(input: &[u8]) {
    let Some((which, bytes)) = input.split_first() else { return };
    if let Some(form) = FORMS.get(usize::from(*which)) {
        (form.check)(bytes);
    }
}

/// Seeds in the making.
#[derive(Default)]
struct Seeds(Vec<Vec<u8>>);

impl Seeds {
    fn add(&mut self, name: &str, bytes: &[u8]) {
        let place = FORMS.iter().position(|form| form.name == name).expect("a form of this name");
        let place = u8::try_from(place).expect("few forms");
        self.0.push([[place].as_slice(), bytes].concat());
    }

    fn put<T: Serialize>(&mut self, name: &str, value: &T) {
        self.add(name, &codec::encode(value));
    }
}

fn seeds() -> Vec<Vec<u8>> {
    let mut seeds = Seeds::default();
    add_instructions(&mut seeds);
    add_contracts(&mut seeds);
    add_blocks(&mut seeds);
    add_records(&mut seeds);
    seeds.put("document", &day().signed.document);
    seeds.put("genesis", &day().signed);
    seeds.0
}

fn add_instructions(seeds: &mut Seeds) {
    for raw in vectors::instructions() {
        let decoded = raw.decode().expect("a frozen instruction");
        seeds.put("envelope", decoded.envelope());
        seeds.put("instruction", decoded.instruction());
        for leg in decoded.envelope().body.legs() {
            match leg {
                Leg::OpenContract(open) => seeds.put("terms", &open.terms),
                Leg::CallContract(call) => {
                    call.attestations.iter().for_each(|one| seeds.put("attestation", one));
                    if let CallTarget::Offer(signed) = &call.target {
                        seeds.put("offer", signed);
                    }
                }
                _ => {}
            }
        }
    }
}

fn add_contracts(seeds: &mut Seeds) {
    for standard in seaway_contracts::STANDARD {
        let code = seaway_vm::text::read(standard.text).expect("a standard contract").code;
        seeds.put("code", &code);
        seeds.put("registered code", &code.bytes().expect("short code"));
    }
}

fn add_blocks(seeds: &mut Seeds) {
    for decided in &day().blocks {
        let FinalBlock { block, certificate } = &decided.block;
        seeds.put("block", block);
        seeds.put("final block", &decided.block);
        seeds.put("draft", &BlockDraft { header: block.header, body: block.body() });
        seeds.put("certificate", certificate);
        seeds.put("log entry", &LogEntry::Block(block.clone()));
        decided.executed.receipts().iter().for_each(|one| seeds.put("receipt", one));
        decided.executed.postings().iter().take(2).for_each(|one| seeds.put("posting", one));
        for place in 0..decided.executed.receipts().len() {
            decided.executed.outcomes(place).iter().for_each(|one| seeds.put("outcome", one));
        }
        for (key, entry) in decided.executed.changes().index.iter().take(3) {
            seeds.put("index key", key);
            seeds.put("index entry", entry);
        }
        if let Some(signed) = certificate.signatures.first() {
            let vote = certificate.vote(block.header.network);
            let signed = SignedVote { vote, validator: signed.validator, evidence: signed.evidence };
            seeds.put("vote", &signed);
            seeds.put("log entry", &LogEntry::Consensus(vote.height, Record::Vote(signed)));
        }
    }
    let (height, round) = (day().last().block.block.header.height, Round(1));
    let timeout = Record::Timeout(Timer { height, round, kind: TimerKind::Propose });
    seeds.put("log entry", &LogEntry::Consensus(height, timeout));
    day().settlements().iter().take(2).for_each(|proof| seeds.put("settlement", proof));
    seeds.put("ledger proof", &day().record(StateKey::Parameters));
}

/// Two records of each kind, with their keys.
fn add_records(seeds: &mut Seeds) {
    let mut taken: BTreeMap<&str, u32> = BTreeMap::new();
    for (key, bytes) in day().blocks.iter().flat_map(|decided| &decided.records.0) {
        let name = kind_of(key);
        let count = taken.entry(name).or_default();
        *count += 1;
        if *count <= 2 {
            seeds.put("state key", key);
            seeds.add(name, bytes);
        }
    }
}

/// The form of the record that a key names.
fn kind_of(key: &StateKey) -> &'static str {
    match key {
        StateKey::Parameters => "parameters",
        StateKey::Validators => "validators",
        StateKey::Participant(_) => "participant",
        StateKey::Asset(_) => "asset",
        StateKey::Totals(_) => "totals",
        StateKey::Account(_) => "account",
        StateKey::Balance(..) => "balance",
        StateKey::Hold(_) => "hold",
        StateKey::Payment(_) => "payment",
        StateKey::TierLimits(..) => "tier limits",
        StateKey::Usage(..) => "usage",
        StateKey::Calendar(_) => "calendar",
        StateKey::Threshold(..) => "threshold",
        StateKey::ContractCode(_) => "registered code",
        StateKey::Instance(_) => "instance",
        StateKey::Allowance(_) => "allowance",
    }
}
