//! Form: what decoding refuses, whatever the state.

use super::payment::{BulkMode, ChargeBearer, Credit, CreditKind, CreditTransfer};
use super::*;
use crate::amount::Amount;
use crate::asset::AssetId;
use crate::codec::CodecError;
use crate::identifier::HoldId;
use crate::uetr::Uetr;
use proptest::prelude::*;

fn credit(n: u32) -> Credit {
    let bic: Bic = "HARBHKHH".parse().unwrap();
    let mut random = [7; 16];
    random[..4].copy_from_slice(&n.to_le_bytes());
    Credit {
        kind: CreditKind::Customer,
        uetr: Uetr::from_random(random),
        end_to_end_id: "INV-1".parse().unwrap(),
        creditor: AccountId([2; 16]),
        amount: Amount::new(100).unwrap(),
        instructing_agent: bic,
        debtor_agent: bic,
        creditor_agent: bic,
        instructed: None,
        charge_bearer: ChargeBearer::Shared,
        charges: Bounded::default(),
        purpose: None,
        party_data_hash: None,
        remittance_hash: None,
        acceptance: None,
    }
}

fn transfer(count: u32, mode: BulkMode) -> Leg {
    Leg::CreditTransfer(CreditTransfer {
        debtor: AccountId([1; 16]),
        asset: AssetId(1),
        mode,
        settlement_date: None,
        credits: (0..count).map(credit).collect::<Vec<_>>().try_into().unwrap(),
    })
}

fn envelope(body: Body) -> Envelope {
    Envelope {
        network: "unit-test".parse().unwrap(),
        submitter: Submitter::Account(AccountId([1; 16])),
        key: InstructionKey([9; 16]),
        valid_until: BlockTime::from_ms(1_000_000).unwrap(),
        body,
    }
}

fn single(count: u32) -> Envelope {
    envelope(Body::Single(transfer(count, BulkMode::EachOnItsOwn)))
}

fn decode(instruction: &Instruction) -> Result<DecodedInstruction, FormError> {
    RawInstruction::from(instruction).decode()
}

#[test]
fn the_largest_instruction_fits_and_one_more_credit_does_not() {
    let full = single(4096).sign(&[[1; 32]]);
    let bytes = codec::encode(&full);
    assert!(bytes.len() <= crate::limits::INSTRUCTION_BYTES_MAX, "{} bytes", bytes.len());
    assert!(decode(&full).is_ok());
    // The same list with 4,097 elements, made by hand because the type cannot hold it.
    let one = codec::encode(&single(1).sign(&[[1; 32]]));
    let length_at = codec::encode(&single(0)).len() - 8;
    let element = codec::encode(&credit(0));
    let mut surplus = one[..length_at].to_vec();
    surplus.extend(4097u64.to_le_bytes());
    for _ in 0..4097 {
        surplus.extend(&element);
    }
    surplus.extend(&one[length_at + 8 + element.len()..]);
    match RawInstruction(surplus).decode() {
        Err(FormError::Codec(CodecError::Malformed { problem })) => {
            assert!(problem.contains("4097 elements are more than the 4096"), "{problem}");
        }
        other => panic!("{other:?}"),
    }
    // A lie about the length is refused before room is made for it.
    let mut lie = one;
    lie[length_at..length_at + 8].copy_from_slice(&u64::MAX.to_le_bytes());
    assert!(RawInstruction(lie).decode().is_err());
}

#[test]
fn amounts_signatures_and_legs_beyond_their_bounds_are_named() {
    let refused = |bytes: Vec<u8>| match RawInstruction(bytes).decode() {
        Err(FormError::Codec(CodecError::Malformed { problem })) => problem,
        other => panic!("{other:?}"),
    };
    // 10^18 in the place of the amount, which stands once as 100 in 8 bytes.
    let good = codec::encode(&single(1).sign(&[[1; 32]]));
    let at = good.windows(8).position(|window| window == 100u64.to_le_bytes()).unwrap();
    let mut large = good.clone();
    large[at..at + 8].copy_from_slice(&1_000_000_000_000_000_000u64.to_le_bytes());
    assert!(refused(large).contains("more than the largest amount"));
    // 33 signatures: the list is the end of the wire form.
    let entry = &good[good.len() - (4 + 32 + 4 + 64)..];
    let mut many = codec::encode(&single(1));
    many.extend(33u64.to_le_bytes());
    many.extend(entry.repeat(33));
    assert!(refused(many).contains("33 elements are more than the 32"));
    // 17 legs.
    let leg = codec::encode(&Leg::Release(hold::ReleaseHold { hold: HoldId([0; 16]) }));
    let empty = envelope(Body::Bundle(Bounded::default()));
    let mut legs = codec::encode(&empty);
    legs.truncate(legs.len() - 8);
    legs.extend(17u64.to_le_bytes());
    legs.extend(leg.repeat(17));
    legs.extend(0u64.to_le_bytes());
    assert!(refused(legs).contains("17 elements are more than the 16"));
    assert_eq!(FormError::Unsigned.row().0, "DS0H");
}

#[test]
fn surplus_bytes_and_oversize_are_refused() {
    let mut bytes = codec::encode(&single(1).sign(&[[1; 32]]));
    bytes.push(0);
    assert_eq!(RawInstruction(bytes).decode(), Err(FormError::Codec(CodecError::Trailing { surplus: 1 })));
    let huge = vec![0; crate::limits::INSTRUCTION_BYTES_MAX + 1];
    assert!(matches!(RawInstruction(huge).decode(), Err(FormError::Codec(CodecError::TooLong { .. }))));
    assert!(RawInstruction(Vec::new()).decode().is_err());
}

#[test]
fn hashes_taken_of_the_bytes_are_those_of_the_value() {
    let bundle = Body::Bundle(Bounded::new(vec![transfer(2, BulkMode::AllOrNothing)]).unwrap());
    let of_institution =
        Envelope { submitter: Submitter::Participant("HARBHKHH".parse().unwrap()), ..envelope(bundle) };
    let release = envelope(Body::Single(Leg::Release(super::hold::ReleaseHold { hold: HoldId([3; 16]) })));
    for (envelope, lone) in [(single(1), true), (single(70), true), (of_institution, false), (release, false)] {
        let decoded = decode(&envelope.clone().sign(&[[1; 32], [2; 32]])).unwrap();
        assert_eq!((decoded.digest(), decoded.body_hash()), (envelope.digest(), envelope.body_hash()));
        assert_eq!(decoded.raw().is_lone_transfer(), lone);
    }
    assert!(!RawInstruction(vec![0; 20]).is_lone_transfer(), "too short to say");
}

#[test]
fn signatures_stand_in_order_once_and_hold() {
    let signed = single(1).sign(&[[1; 32], [2; 32], [3; 32]]);
    assert!(decode(&signed).unwrap().authenticate().is_ok());
    let with =
        |entries: Vec<SignatureEntry>| Instruction { signatures: entries.try_into().unwrap(), ..signed.clone() };
    let [a, b, c] = [signed.signatures[0], signed.signatures[1], signed.signatures[2]];
    assert_eq!(decode(&with(vec![])), Err(FormError::Unsigned));
    assert_eq!(decode(&with(vec![b, a, c])), Err(FormError::SignaturesUnsorted { key: a.key }));
    assert_eq!(decode(&with(vec![a, a, c])), Err(FormError::SignatureTwice { key: a.key }));
    let foreign = SignatureEntry { evidence: b.evidence, ..a };
    assert_eq!(
        decode(&with(vec![foreign, b])).unwrap().authenticate(),
        Err(FormError::SignatureInvalid { key: a.key })
    );
}

#[test]
fn a_batch_names_the_bad_ones() {
    let mut decoded: Vec<_> = (0..9).map(|n| decode(&single(1).sign(&[[n; 32]])).unwrap()).collect();
    let mut keys = crate::signature::KnownKeys::default();
    assert!(authenticate_batch(decoded.clone(), &mut keys).iter().all(Result::is_ok));
    let other = envelope(Body::Single(Leg::Release(hold::ReleaseHold { hold: HoldId([0; 16]) }))).sign(&[[4; 32]]);
    let stolen = Instruction { signatures: other.signatures, ..single(1).sign(&[[4; 32]]) };
    decoded[4] = decode(&stolen).unwrap();
    let answers = authenticate_batch(decoded, &mut keys);
    let bad: Vec<_> = (0..9).filter(|n| answers[*n].is_err()).collect();
    assert_eq!(bad, [4]);
}

#[test]
fn empty_lists_and_a_mode_of_its_own_in_a_bundle_are_refused() {
    let decoded = |body| decode(&envelope(body).sign(&[[1; 32]]));
    assert!(matches!(decoded(Body::Bundle(Bounded::default())), Err(FormError::Empty { .. })));
    assert!(matches!(decoded(Body::Single(transfer(0, BulkMode::AllOrNothing))), Err(FormError::Empty { .. })));
    let own = vec![transfer(1, BulkMode::AllOrNothing), transfer(1, BulkMode::EachOnItsOwn)];
    assert_eq!(decoded(Body::Bundle(own.try_into().unwrap())), Err(FormError::ModeInBundle { leg: 1 }));
}

#[test]
fn json_refuses_what_the_ledger_does_not_know() {
    let strict = serde_json::to_value(single(1)).unwrap();
    let read =
        |value: serde_json::Value| serde_json::from_value::<Envelope>(value).map_err(|error| error.to_string());
    assert_eq!(read(strict.clone()), Ok(single(1)));
    let path = |edit: &dyn Fn(&mut serde_json::Value)| {
        let mut value = strict.clone();
        edit(&mut value["body"]["single"]["creditTransfer"]["credits"][0]);
        read(value).unwrap_err()
    };
    assert!(
        path(&|credit| credit["chargeBearer"] = "SLEV".into()).contains("expected one of `DEBT`, `CRED`, `SHAR`")
    );
    assert!(path(&|credit| credit["amount"] = "-5".into()).contains("sign"));
    assert!(path(&|credit| credit["amount"] = 5.into()).contains("expected a string"));
    assert!(path(&|credit| credit["amount"] = "1000000000000000000".into()).contains("18 digits"));
    assert!(path(&|credit| credit["uetr"] = "8A562C67-CA16-48BA-B074-65581BE6F001".into()).contains("lower case"));
    assert!(path(&|credit| credit["surprise"] = 1.into()).contains("unknown field"));
}

proptest! {
    #[test]
    fn any_bytes_are_answered(bytes in proptest::collection::vec(any::<u8>(), 0..600)) {
        let _ = RawInstruction(bytes).decode();
    }

    #[test]
    fn a_changed_byte_is_refused_or_another_instruction(position in 0usize..400, change in 1u8..) {
        let original = single(1).sign(&[[1; 32]]);
        let mut bytes = codec::encode(&original);
        let position = position % bytes.len();
        bytes[position] ^= change;
        if let Ok(decoded) = RawInstruction(bytes.clone()).decode() {
            prop_assert_ne!(decoded.instruction(), &original);
            prop_assert_eq!(codec::encode(decoded.instruction()), bytes);
            prop_assert!(decoded.authenticate().is_err(), "a change that no signature notices");
        }
    }
}
