use super::*;
use seaway_types::bic::Bic;
use seaway_types::codec::CodecError;
use seaway_types::hash::Hash32;
use seaway_types::instruction::payment::CreditKind;
use seaway_types::keys::KeyPolicy;
use seaway_types::limits::PARTY_SEALED_BYTES_MAX;
use seaway_types::signature::public_key;
use seaway_types::state::{Participant, Roles};
use seaway_types::uetr::Uetr;

const OURS: [u8; 32] = [7; 32];
const OTHERS: [u8; 32] = [8; 32];

fn data(number: u8) -> PartyData {
    PartyData {
        debtor_agent: "HARBHKHH".parse().unwrap(),
        creditor_agent: "MERLSGSG".parse().unwrap(),
        uetr: Uetr::from_random([number; 16]),
        kind: CreditKind::Customer,
        salt: Hash32([number; 32]),
        around: None,
        parties: Some(format!("<Dbtr>Customer {number}</Dbtr>")),
        remittance: None,
    }
}

fn long(length: usize) -> PartyData {
    PartyData { remittance: Some("x".repeat(length)), ..data(1) }
}

#[test]
fn only_the_holder_of_the_key_opens() {
    let bundle = [data(1), data(2)];
    let sealed = pack(&bundle, &public_key(&OURS)).unwrap();
    assert_eq!(unpack(&sealed, &OURS).unwrap()[..], bundle);
    assert_eq!(unpack(&sealed, &OTHERS), Err(SealError::Closed));
    let plain = b"Customer 1";
    assert!(!sealed.windows(plain.len()).any(|window| window == plain));
    // Each is sealed with a key drawn for it.
    assert_ne!(pack(&bundle, &public_key(&OURS)).unwrap(), sealed);
}

#[test]
fn what_was_changed_or_cut_does_not_open() {
    let sealed = pack(&[data(1)], &public_key(&OURS)).unwrap();
    for place in 0..sealed.len() {
        let mut changed = sealed.clone();
        changed[place] ^= 1;
        assert_eq!(unpack(&changed, &OURS), Err(SealError::Closed), "byte {place}");
    }
    for length in 0..sealed.len() {
        assert_eq!(unpack(&sealed[..length], &OURS), Err(SealError::Closed), "{length} bytes");
    }
    assert_eq!(unpack(&[sealed.as_slice(), &[0]].concat(), &OURS), Err(SealError::Closed));
}

/// Made by libsodium 1.0.20 (PyNaCl 1.6.2): the sealed box for the Ed25519 key of the seed that is 32 times 7.
#[test]
fn libsodium_seals_alike() {
    let sealed = "65affe70e5832b1d88f89f257d0bd73e32e846434d452ecaad425259b60fc81e7c0cb13d25efa6213e02320eafcdc423\
                  1868db74d43d6c90c0703fd6e7fc72bc37691846b1";
    let opened = open(&hex::decode(sealed).unwrap(), &OURS).unwrap();
    assert_eq!(opened, b"Lamma Instruments Ltd");
}

#[test]
fn lengths_and_numbers_are_bounded() {
    let ours = public_key(&OURS);
    let empty = codec::encode(&long(0)).len();
    let most = long(PARTY_DATA_BYTES_MAX - empty);
    assert_eq!(
        unpack(&pack(std::slice::from_ref(&most), &ours).unwrap(), &OURS).unwrap()[..],
        std::slice::from_ref(&most)[..]
    );
    let (length, length_max) = (PARTY_DATA_BYTES_MAX + 1, PARTY_DATA_BYTES_MAX);
    let more = long(PARTY_DATA_BYTES_MAX - empty + 1);
    assert_eq!(pack(std::slice::from_ref(&more), &ours), Err(SealError::TooLong { length, length_max }));
    // Who packs it all the same is not heard.
    let sealed = seal(&codec::encode(&[more][..]), &ours).unwrap();
    assert_eq!(unpack(&sealed, &OURS), Err(SealError::TooLong { length, length_max }));
    assert!(matches!(pack(&[most.clone(), most], &ours), Err(SealError::TooLong { .. })));
    let many = vec![data(1); PARTY_BUNDLE_MAX + 1];
    assert_eq!(pack(&many, &ours), Err(SealError::TooMany { count: many.len() }));
    let sealed = seal(&codec::encode(&many), &ours).unwrap();
    assert!(matches!(unpack(&sealed, &OURS), Err(SealError::Codec(CodecError::Malformed { .. }))));
    let length = PARTY_SEALED_BYTES_MAX + 1;
    let too_long = SealError::TooLong { length, length_max: PARTY_SEALED_BYTES_MAX };
    assert_eq!(unpack(&vec![0; length], &OURS), Err(too_long));
}

#[test]
fn nothing_is_sealed_to_a_key_that_opens_for_everybody() {
    // The neutral element, a point of order four, and no point at all.
    let mut neutral = [0; 32];
    neutral[0] = 1;
    let mut none = [0; 32];
    none[0] = 2;
    for bytes in [neutral, [0; 32], none] {
        let key = PublicKey::Ed25519(bytes);
        assert_eq!(seal(b"name", &key), Err(SealError::Key { key }));
    }
}

fn participant(jurisdiction: &str, supervises: &[&str], nodes: &[u8]) -> Participant {
    let mut nodes: Vec<PublicKey> = nodes.iter().map(|node| public_key(&[*node; 32])).collect();
    nodes.sort_unstable();
    let supervisor_of: Vec<_> = supervises.iter().map(|place| place.parse().unwrap()).collect();
    Participant {
        lei: None,
        jurisdiction: jurisdiction.parse().unwrap(),
        roles: Roles { supervisor_of: Bounded::new(supervisor_of).unwrap(), ..Roles::default() },
        policy: KeyPolicy::single(public_key(&[99; 32])),
        nodes: Bounded::new(nodes).unwrap(),
        active: true,
    }
}

#[test]
fn agents_and_their_supervisors_are_to_have_it() {
    let bic = |text: &str| text.parse::<Bic>().unwrap();
    let mut participants = vec![
        (bic("HARBHKHH"), participant("HK", &[], &[1, 2])),
        (bic("MERLSGSG"), participant("SG", &[], &[3, 4])),
        (bic("THAMGB2L"), participant("GB", &[], &[5])),
        (bic("MONAHKHH"), participant("HK", &["HK"], &[6])),
        (bic("MONASGSG"), participant("SG", &["MY", "SG"], &[7])),
        (bic("MONAGB2L"), participant("GB", &["GB"], &[8])),
        (bic("MONASGS1"), participant("SG", &["SG"], &[])),
    ];
    let sender = public_key(&[1; 32]);
    let told = |participants: &[(Bic, Participant)]| -> Vec<(String, usize)> {
        let found = recipients(participants, &data(1), &sender);
        found.iter().map(|one| (one.bic.to_string(), one.nodes.len())).collect()
    };
    let expected = [("HARBHKHH", 1), ("MERLSGSG", 2), ("MONAHKHH", 1), ("MONASGSG", 1)];
    assert_eq!(told(&participants), expected.map(|(bic, nodes)| (bic.to_owned(), nodes)));
    assert!(is_concerned(&participants, &data(1), bic("MONASGS1")), "it has no node, but may have it");
    assert!(!is_concerned(&participants, &data(1), bic("THAMGB2L")));
    participants[4].1.active = false;
    assert_eq!(told(&participants).len(), 3, "a suspended institution hears nothing");
}
