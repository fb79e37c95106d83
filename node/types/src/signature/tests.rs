//! Edge cases of Ed25519 on which implementations differ, and the agreement of single and batch.

use super::*;
use curve25519_dalek::constants::EIGHT_TORSION;
use proptest::prelude::*;

fn check_of(key: [u8; 32], signature: [u8; 64], message: [u8; 32]) -> SignatureCheck {
    let entry =
        SignatureEntry { key: PublicKey::Ed25519(key), evidence: Evidence::Ed25519(Ed25519Signature(signature)) };
    SignatureCheck { entry, message }
}

fn signed(seed: u8, message: [u8; 32]) -> SignatureCheck {
    SignatureCheck { entry: sign(&[seed; 32], &message), message }
}

/// Alone, in a batch with itself, and between valid ones: one answer.
fn agreed(check: &SignatureCheck) -> bool {
    let alone = verify(check);
    let filler = [signed(1, [7; 32]), signed(2, [8; 32])];
    // What was seen before changes nothing.
    let mut keys = KnownKeys::default();
    for turn in 0..2 {
        let answer = verify_batch_knowing(&[filler[0], *check, filler[1]], &mut keys);
        assert_eq!(answer, alone, "turn {turn}: {check:?}");
    }
    assert_eq!(verify_batch(&[*check, *check]), alone, "twice: {check:?}");
    assert_eq!(verify_batch(&[filler[0], *check, filler[1]]), alone, "between: {check:?}");
    assert_eq!(failed_in(&[filler[0], filler[1], *check]), if alone { vec![] } else { vec![2] });
    alone
}

/// The twelve-case table of Chalkias, Garillot, Nikolaenko, "Taming the Many EdDSAs" (2020), section 5.1: the ten whose
/// vectors are published with 32-byte messages. Expected: what ZIP-215 says. In the last two R is not canonical; the
/// challenge of the first of them was made over R written anew, and ZIP-215 hashes the bytes as they came.
#[test]
fn published_cases_of_taming_the_many_eddsas() {
    let cases = [
        (
            "8c93255d71dcab10e8f379c26200f3c7bd5f09d9bc3068d3ef4edeb4853022b6",
            "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa",
            "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a0000000000000000000000000000000000000000000000000000000000000000",
            true,
        ),
        (
            "9bd9f44f4dcc75bd531b56b2cd280b0bb38fc1cd6d1230e14861d861de092e79",
            "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa",
            "f7badec5b8abeaf699583992219b7b223f1df3fbbea919844e3f7c554a43dd43a5bb704786be79fc476f91d3f3f89b03984d8068dcf1bb7dfc6637b45450ac04",
            true,
        ),
        (
            "aebf3f2601a0c8c5d39cc7d8911642f740b78168218da8471772b35f9d35b9ab",
            "f7badec5b8abeaf699583992219b7b223f1df3fbbea919844e3f7c554a43dd43",
            "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa8c4bd45aecaca5b24fb97bc10ac27ac8751a7dfe1baff8b953ec9f5833ca260e",
            true,
        ),
        (
            "9bd9f44f4dcc75bd531b56b2cd280b0bb38fc1cd6d1230e14861d861de092e79",
            "cdb267ce40c5cd45306fa5d2f29731459387dbf9eb933b7bd5aed9a765b88d4d",
            "9046a64750444938de19f227bb80485e92b83fdb4b6506c160484c016cc1852f87909e14428a7a1d62e9f22f3d3ad7802db02eb2e688b6c52fcd6648a98bd009",
            true,
        ),
        (
            "e47d62c63f830dc7a6851a0b1f33ae4bb2f507fb6cffec4011eaccd55b53f56c",
            "cdb267ce40c5cd45306fa5d2f29731459387dbf9eb933b7bd5aed9a765b88d4d",
            "160a1cb0dc9c0258cd0a7d23e94d8fa878bcb1925f2c64246b2dee1796bed5125ec6bc982a269b723e0668e540911a9a6a58921d6925e434ab10aa7940551a09",
            true,
        ),
        (
            "e47d62c63f830dc7a6851a0b1f33ae4bb2f507fb6cffec4011eaccd55b53f56c",
            "cdb267ce40c5cd45306fa5d2f29731459387dbf9eb933b7bd5aed9a765b88d4d",
            "21122a84e0b5fca4052f5b1235c80a537878b38f3142356b2c2384ebad4668b7e40bc836dac0f71076f9abe3a53f9c03c1ceeeddb658d0030494ace586687405",
            true,
        ),
        (
            "85e241a07d148b41e47d62c63f830dc7a6851a0b1f33ae4bb2f507fb6cffec40",
            "442aad9f089ad9e14647b1ef9099a1ff4798d78589e66f28eca69c11f582a623",
            "e96f66be976d82e60150baecff9906684aebb1ef181f67a7189ac78ea23b6c0e547f7690a0e2ddcd04d87dbc3490dc19b3b3052f7ff0538cb68afb369ba3a514",
            false,
        ),
        (
            "85e241a07d148b41e47d62c63f830dc7a6851a0b1f33ae4bb2f507fb6cffec40",
            "442aad9f089ad9e14647b1ef9099a1ff4798d78589e66f28eca69c11f582a623",
            "8ce5b96c8f26d0ab6c47958c9e68b937104cd36e13c33566acd2fe8d38aa19427e71f98a473474f2f13f06f97c20d58cc3f54b8bd0d272f42b695dd7e89a8c22",
            false,
        ),
        (
            "fdaebc429f4a735932a160da1301080c13280eea8bc280d1b392c6b9e6ba3a5a",
            "f7badec5b8abeaf699583992219b7b223f1df3fbbea919844e3f7c554a43dd43",
            "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f454d370c8d9fc323a41450f8d513eafeb5b0697390c1e505a0d4ddc71f566607",
            false,
        ),
        (
            "84b698d39be126ff55fe45079e6c8bf64a0d7db6994560b4e96b7021eb39c1a1",
            "f7badec5b8abeaf699583992219b7b223f1df3fbbea919844e3f7c554a43dd43",
            "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f084d5b99c2a9463d9c8bd5026916996984eeec87ddf1d3be329006ace1b37b09",
            true,
        ),
    ];
    let mut answers = Vec::new();
    let read = |message: &str, key: &str, signature: &str| {
        let (mut m, mut k, mut s) = ([0; 32], [0; 32], [0; 64]);
        hex::decode_to_slice(message, &mut m).unwrap();
        hex::decode_to_slice(key, &mut k).unwrap();
        hex::decode_to_slice(signature, &mut s).unwrap();
        (m, k, s)
    };
    for (message, key, signature, _) in cases {
        let (message, key, signature) = read(message, key, signature);
        answers.push(agreed(&check_of(key, signature, message)));
    }
    let expected: Vec<bool> = cases.iter().map(|case| case.3).collect();
    assert_eq!(answers, expected);
    // That first one holds once its R, the point with y = p, is written canonically: y = 0.
    let (message, key, mut signature) = read(cases[8].0, cases[8].1, cases[8].2);
    signature[..32].fill(0);
    assert!(agreed(&check_of(key, signature, message)));
}

/// The 196 cases of the ZIP-215 test suite: each of the eight torsion points and their six non-canonical encodings as A
/// and as R, with s = 0. All are valid.
#[test]
fn all_196_small_order_and_non_canonical_encodings_are_valid() {
    let mut encodings: Vec<[u8; 32]> = EIGHT_TORSION.iter().map(|point| point.compress().0).collect();
    // y = 0, 1 and −1 are below 19, or written with a needless sign bit: y + p fits in 255 bits, and so does "−0".
    let p_plus = |low: u8| {
        let mut bytes = [0xff; 32];
        bytes[0] = 0xed_u8.wrapping_add(low);
        bytes[31] = 0x7f;
        bytes
    };
    let with_sign = |mut bytes: [u8; 32]| {
        bytes[31] |= 0x80;
        bytes
    };
    let one = {
        let mut bytes = [0; 32];
        bytes[0] = 1;
        bytes
    };
    let minus_one = {
        let mut bytes = p_plus(0);
        bytes[0] = 0xec;
        bytes
    };
    encodings.extend([
        p_plus(0),
        with_sign(p_plus(0)),
        p_plus(1),
        with_sign(p_plus(1)),
        with_sign(one),
        with_sign(minus_one),
    ]);
    encodings.sort();
    encodings.dedup();
    assert_eq!(encodings.len(), 14);
    for key in &encodings {
        for commitment in &encodings {
            let mut signature = [0; 64];
            signature[..32].copy_from_slice(commitment);
            assert!(
                agreed(&check_of(*key, signature, *b"Zcash-style small-order message!")),
                "{key:?} {commitment:?}"
            );
        }
    }
}

#[test]
fn a_response_of_the_group_order_is_refused() {
    // s = ℓ is congruent to 0 but not canonical.
    let order = "edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010";
    let mut signature = [0; 64];
    signature[..32].copy_from_slice(&EIGHT_TORSION[0].compress().0);
    hex::decode_to_slice(order, &mut signature[32..]).unwrap();
    assert!(!agreed(&check_of(EIGHT_TORSION[0].compress().0, signature, [0; 32])));
}

#[test]
fn an_empty_batch_is_valid_and_bad_ones_are_found() {
    assert!(verify_batch(&[]));
    let mut checks: Vec<_> = (0..33).map(|n| signed(n % 3, [n; 32])).collect();
    assert!(verify_batch(&checks));
    for bad in [0, 15, 16, 32] {
        checks[bad].message[0] ^= 1;
    }
    assert_eq!(failed_in(&checks), [0, 15, 16, 32]);
}

proptest! {
    #[test]
    fn single_and_batch_agree_on_anything(key: [u8; 32], commitment: [u8; 32], response: [u8; 32], message: [u8; 32]) {
        let mut signature = [0; 64];
        signature[..32].copy_from_slice(&commitment);
        signature[32..].copy_from_slice(&response);
        agreed(&check_of(key, signature, message));
    }

    #[test]
    fn a_flipped_bit_is_noticed_by_both(seed in 0u8..8, message: [u8; 32], position in 0usize..512) {
        let mut check = signed(seed, message);
        let Evidence::Ed25519(signature) = &mut check.entry.evidence;
        signature.0[position / 8] ^= 1 << (position % 8);
        prop_assert!(!agreed(&check));
    }
}
