//! The table is whole and its codes have the form of the lists.

use super::*;

#[test]
fn every_stated_reason_stands_in_some_column_under_its_own_name() {
    for (tag, reason) in StatedReason::ALL.iter().enumerate() {
        assert_eq!(*reason as usize, tag);
        let codes = reason.codes();
        let columns = [codes.status, codes.payback, codes.cancellation, codes.refusal];
        assert!(columns.iter().any(Option::is_some), "{reason}");
        assert!(columns.iter().flatten().all(|code| *code == reason.iso()));
        assert_eq!(serde_json::to_value(reason).unwrap(), reason.iso());
    }
}

#[test]
fn columns_hold_what_the_lists_hold() {
    use StatedReason as S;
    for reason in [S::Focr, S::Cust, S::Dupl, S::Md06, S::Upay] {
        assert!(reason.codes().payback.is_some(), "{reason} is a return reason");
    }
    for reason in [S::Rr01, S::Rr02, S::Rr03, S::Rr04] {
        assert!(reason.codes().status.is_some(), "{reason} is a status reason");
    }
    // What is said of whole batches, or means that nothing is decided, is in no column.
    assert!(StatedReason::ALL.iter().all(|reason| !["BIAS", "INCR", "ADAC", "ARPL", "WSEQ"].contains(&reason.iso())));
    assert_eq!(S::Legl.codes().status, None);
    assert_eq!(S::Frad.codes().payback, None);
    let counted = |column: fn(Codes) -> Option<&'static str>| {
        StatedReason::ALL.iter().filter(|reason| column(reason.codes()).is_some()).count()
    };
    assert_eq!(counted(|codes| codes.payback), 86);
    assert_eq!(counted(|codes| codes.cancellation), 20);
    assert_eq!(counted(|codes| codes.refusal), 14);
}

#[test]
fn reasons_have_distinct_codes_where_the_field_distinguishes() {
    let (amount, used, maximum) = (Amount::ZERO, Amount::ZERO, Amount::ZERO);
    assert_eq!(Reason::AbovePaymentMax { amount, maximum }.iso(), "AM02");
    assert_eq!(Reason::AboveNetworkMax { amount, maximum }.iso(), "AM13");
    assert_eq!(Reason::AboveDayMax { amount, used, maximum }.iso(), "AM14");
    assert_eq!(Reason::AboveBalanceMax { amount, booked: 0, maximum }.iso(), "AM21");
    assert_eq!(Reason::InsufficientFunds { available: amount, needed: maximum }.iso(), "AM04");
    assert_eq!(VoidReason::BlockFull.row().2, Retry::Same);
}
