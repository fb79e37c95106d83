//! What is stored of an account and a block: what it then held of each asset that moved, and the movements, in order.
//!
//! Every payment writes two of them, so they stand in the codec's short form, without the account, which the key names.

use seaway_types::amount::Amount;
use seaway_types::asset::AssetId;
use seaway_types::codec::{self, CodecError};
use seaway_types::identifier::AccountId;
use seaway_types::receipt::Posting;
use seaway_types::state::{Balance, Field};
use seaway_types::uetr::Uetr;
use serde::{Serialize, Serializer};

/// What an account held of assets.
pub(crate) type Held = Vec<(AssetId, Balance)>;

/// A posting without its account.
type Short = (AssetId, Field, bool, Amount, Amount, u32, Option<Uetr>);

struct Shorts<'a>(&'a [Posting]);

impl Serialize for Shorts<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let short = |one: &Posting| -> Short {
            (one.asset, one.field, one.credit, one.amount, one.after, one.receipt, one.uetr)
        };
        serializer.collect_seq(self.0.iter().map(short))
    }
}

/// The stored form.
pub(crate) fn encode(held: &Held, postings: &[Posting]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(48 * (held.len() + postings.len()));
    codec::encode_compact_into(&(held, Shorts(postings)), &mut bytes);
    bytes
}

/// Reads the stored form of an account.
pub(crate) fn decode(account: &AccountId, bytes: &[u8]) -> Result<(Held, Vec<Posting>), CodecError> {
    let (held, shorts): (Held, Vec<Short>) = codec::decode_own_compact(bytes)?;
    let posting = |(asset, field, credit, amount, after, receipt, uetr): Short| Posting {
        account: Some(*account),
        asset,
        field,
        credit,
        amount,
        after,
        receipt,
        uetr,
    };
    Ok((held, shorts.into_iter().map(posting).collect()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_and_is_short() {
        let account = AccountId([7; 16]);
        let posting = |n: u64| Posting {
            account: Some(account),
            asset: AssetId(u16::MAX),
            field: Field::InContracts,
            credit: n.is_multiple_of(2),
            amount: Amount::new(10u64.pow(18) - 1 - n).unwrap(),
            after: Amount::new(n).unwrap(),
            receipt: u32::MAX,
            uetr: (!n.is_multiple_of(3)).then(|| Uetr::from_random([n as u8; 16])),
        };
        let held = vec![(AssetId(1), Balance { held: Amount::new(5).unwrap(), ..Balance::default() })];
        let postings: Vec<Posting> = (0..70).map(posting).collect();
        let bytes = encode(&held, &postings);
        assert_eq!(decode(&account, &bytes), Ok((held, postings.clone())));
        assert!(bytes.len() < codec::encode(&postings).len());
        assert!(decode(&account, &bytes[1..]).is_err());
    }
}
