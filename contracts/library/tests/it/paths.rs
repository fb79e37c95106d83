//! Every way through each standard contract: who has what at its end, and at every stop that nobody acts from there on.

use crate::play::*;
use seaway_types::contract::Value;
use seaway_types::hash::Hash32;
use seaway_vm::machine::{OpeningFault, Why};
use sha2::{Digest, Sha256};

const NOW: &str = "2026-11-23T09:00:00Z";

fn escrow() -> Play {
    let mut play = Play::open("Escrow", NOW, &[money(1000), at("2026-11-24T09:00:00Z"), at("2026-12-23T09:00:00Z")]);
    assert_eq!(play.ends_by_itself().has(0), 0, "nothing was paid, nothing comes back");
    play.call(1, &[]).unwrap();
    assert_eq!((play.at(), play.has(0)), ("held", -1000));
    play
}

#[test]
fn escrow_on_every_way() {
    let held = escrow();
    let mut play = held.clone();
    play.call(2, &[]).unwrap();
    assert_eq!((play.at(), play.has(0), play.has(1)), ("closed", -1000, 1000));
    let mut play = held.clone();
    assert_eq!(play.call(3, &[money(1001)]), Err(Why::Requirement));
    play.call(3, &[money(300)]).unwrap();
    assert_eq!((play.has(0), play.has(1)), (-300, 300));
    let mut play = held.clone();
    play.call(4, &[]).unwrap();
    assert_eq!((play.at(), play.has(0)), ("closed", 0));
    assert_eq!(held.ends_by_itself().has(0), 0);
}

#[test]
fn escrow_terms_that_do_not_hold() {
    let (early, late) = (at("2026-11-24T09:00:00Z"), at("2026-12-23T09:00:00Z"));
    for (terms, condition) in
        [([money(0), early, late], 0), ([money(5), late, early], 1), ([money(5), late, late], 1)]
    {
        let refused = Play::try_open("Escrow", NOW, &terms).err();
        assert_eq!(refused, Some(OpeningFault::Condition { condition }));
    }
    assert_eq!(Play::try_open("Escrow", NOW, &[early, early, late]).err(), Some(OpeningFault::Kind { parameter: 0 }));
    assert_eq!(Play::try_open("Escrow", NOW, &[money(5)]).err(), Some(OpeningFault::Count));
}

#[test]
fn milestones_pay_part_by_part_with_the_fee() {
    let terms = [money(1000), int(3), ratio(1, 10), at("2026-11-24T09:00:00Z"), at("2027-11-23T09:00:00Z")];
    let mut play = Play::open("MilestoneEscrow", NOW, &terms);
    play.call(1, &[]).unwrap();
    play.call(2, &[]).unwrap();
    assert_eq!((play.at(), play.has(1), play.has(2)), ("working", 300, 33));
    assert_eq!(play.ends_by_itself().has(0), -333, "what was not reached comes back");
    let mut split = play.clone();
    split.call(3, &[money(67)]).unwrap();
    assert_eq!((split.at(), split.has(0), split.has(1)), ("closed", -400, 367));
    assert_eq!(play.clone().call(3, &[money(668)]), Err(Why::Requirement));
    let mut given_back = play.clone();
    given_back.call(4, &[]).unwrap();
    assert_eq!(given_back.has(0), -333);
    play.call(2, &[]).unwrap();
    play.call(2, &[]).unwrap();
    assert_eq!((play.at(), play.has(0), play.has(1), play.has(2)), ("closed", -1000, 901, 99));
}

#[test]
fn a_hash_time_lock_opens_with_the_secret_between_its_times() {
    let secret = Value::Hash(Hash32([7; 32]));
    let lock = Value::Hash(Hash32(Sha256::digest([7; 32]).into()));
    let terms =
        [money(1000), lock, at("2026-11-24T09:00:00Z"), at("2026-11-25T09:00:00Z"), at("2026-12-23T09:00:00Z")];
    let mut play = Play::open("HashTimeLock", NOW, &terms);
    assert_eq!(play.ends_by_itself().has(0), 0);
    play.call(1, &[]).unwrap();
    assert_eq!(play.ends_by_itself().has(0), 0);
    assert_eq!(play.clone().call(2, &[secret]), Err(Why::Requirement), "too early");
    play.later(2 * DAY);
    assert_eq!(play.clone().call(2, &[hash(8)]), Err(Why::Requirement), "another secret");
    let mut returned = play.clone();
    returned.call(3, &[]).unwrap();
    assert_eq!((returned.at(), returned.has(0)), ("closed", 0));
    play.call(2, &[secret]).unwrap();
    assert_eq!((play.at(), play.has(0), play.has(1)), ("closed", -1000, 1000));
}

/// Payment against payment, and delivery against payment: whatever the order and wherever it stops, both legs or none.
#[test]
fn both_legs_or_none_at_every_stop() {
    let pvp = [money(1000), money(128), at("2026-11-24T09:00:00Z")];
    let dvp = [money(1000), money(128), at(NOW), at("2026-11-24T09:00:00Z")];
    for (name, terms) in [("FxPvp", &pvp[..]), ("Dvp", &dvp[..])] {
        let open = Play::open(name, NOW, terms);
        let none = |play: &Play| play.outside.values().all(|value| *value == 0);
        assert!(none(&open.ends_by_itself()));
        for (first, completes, withdraws) in [(1, 3, 4), (2, 5, 6)] {
            let mut play = open.clone();
            play.call(first, &[]).unwrap();
            assert!(none(&play.ends_by_itself()), "{name}: one side alone");
            let mut withdrawn = play.clone();
            withdrawn.call(withdraws, &[]).unwrap();
            assert!(none(&withdrawn) && withdrawn.at() == "closed");
            play.call(completes, &[]).unwrap();
            assert_eq!(play.at(), "closed");
            assert_eq!((play.has_of(0, 0), play.has_of(1, 0)), (-1000, 1000), "{name}");
            assert_eq!((play.has_of(0, 1), play.has_of(1, 1)), (128, -128), "{name}");
        }
    }
    let too_early = [money(1), money(1), at("2026-11-23T12:00:00Z"), at("2026-11-24T09:00:00Z")];
    let mut play = Play::open("Dvp", NOW, &too_early);
    assert_eq!(play.call(1, &[]), Err(Why::Requirement));
    assert_eq!(play.call(2, &[]), Err(Why::Requirement));
}

#[test]
fn a_quote_rounds_toward_the_dealer_and_bounds_what_is_used() {
    // 0.67 cent for a yen, at most 10,000 yen.
    let mut play = Play::open("FxQuote", NOW, &[ratio(67, 100), money(10_000), at("2026-11-23T10:00:00Z")]);
    const TAKER: u8 = 1;
    assert_eq!(
        play.call(1, &[money(1), money(0)]),
        Err(Why::Requirement),
        "one yen brings nothing, so it is refused"
    );
    play.call(1, &[money(600), money(402)]).unwrap();
    assert_eq!((play.has_of(TAKER, 0), play.has_of(TAKER, 1)), (-600, 402));
    assert_eq!(play.call(1, &[money(600), money(403)]), Err(Why::Requirement), "less than the taker wants at least");
    play.call(2, &[money(1), money(2)]).unwrap();
    assert_eq!((play.has_of(TAKER, 0), play.has_of(TAKER, 1)), (-602, 403), "a cent costs two yen, rounded up");
    assert_eq!(play.call(2, &[money(1), money(1)]), Err(Why::Requirement), "more than the taker gives at most");
    assert_eq!(play.call(1, &[money(9_399), money(0)]), Err(Why::Requirement), "beyond what is left");
    play.pulls = false;
    assert_eq!(play.call(1, &[money(100), money(0)]), Err(Why::Pull), "the dealer cannot cover it");
    play.pulls = true;
    play.call(1, &[money(9_398), money(0)]).unwrap();
    assert_eq!(play.call(1, &[money(2), money(0)]), Err(Why::Requirement), "used up");
    assert_eq!((play.has_of(0, 0), play.has_of(0, 1)), (10_000, -6_699));
    assert_eq!(play.ends_by_itself().at(), "closed");
}

#[test]
fn instalments_fall_due_by_the_month_and_the_last_takes_the_residue() {
    let terms = [money(1000), int(3), at("2027-01-31T09:00:00Z"), int(0)];
    let mut play = Play::open("Instalments", NOW, &terms);
    assert_eq!(play.ends_by_itself().has(0), 0);
    play.call(1, &[]).unwrap();
    let mut due = Vec::new();
    while play.state.is_some() {
        due.push((play.until(), play.has(1)));
        play.time_out();
    }
    assert_eq!(
        due,
        [
            ("2027-01-31T09:00:00.000Z".to_owned(), 0),
            ("2027-02-28T09:00:00.000Z".to_owned(), 333),
            ("2027-03-31T09:00:00.000Z".to_owned(), 666),
        ]
    );
    assert_eq!((play.has(0), play.has(1)), (-1000, 1000));
    let mut waived = Play::open("Instalments", NOW, &terms);
    waived.call(1, &[]).unwrap();
    waived.time_out();
    waived.call(2, &[]).unwrap();
    assert_eq!((waived.at(), waived.has(0), waived.has(1)), ("closed", -333, 333));
    for count in [0, 121] {
        let refused = Play::try_open("Instalments", NOW, &[money(1), int(count), at("2027-01-31T09:00:00Z"), int(0)]);
        assert!(refused.is_err());
    }
}

fn mandate(first: &str) -> Play {
    let terms = [money(500), money(800), at(first), int(0), int(3), int(10), lasts(3 * DAY), lasts(8 * DAY)];
    Play::open("Mandate", NOW, &terms)
}

#[test]
fn a_mandate_collects_after_notice_within_its_caps() {
    let mut play = mandate("2027-01-31T00:00:00Z");
    assert_eq!(play.call(1, &[money(501)]), Err(Why::Requirement), "above the cap of one call");
    play.call(1, &[money(500)]).unwrap();
    assert_eq!((play.at(), play.has(0)), ("noticed", 0));
    play.time_out();
    assert_eq!(
        (play.at(), play.has(0), play.has(1)),
        ("collected", -500, 0),
        "pulled, and kept for the refund window"
    );
    play.time_out();
    assert_eq!((play.at(), play.has(1)), ("active", 500));
    assert_eq!(play.call(1, &[money(301)]), Err(Why::Requirement), "above the cap of the period");
    play.call(1, &[money(300)]).unwrap();
    play.time_out();
    // MD06: the payer wants it back within the window.
    play.call(6, &[]).unwrap();
    assert_eq!((play.at(), play.has(0), play.has(1)), ("active", -500, 500));
    assert!(play.told.contains(&"MD06".to_owned()));
    // A new period has its own cap.
    play.time_out();
    assert_eq!(play.until(), "2027-02-28T00:00:00.000Z");
    play.call(1, &[money(500)]).unwrap();
    assert_eq!(play.clone().ends_by_itself().has(0), -1000);
}

#[test]
fn a_mandate_ends_by_revocation_and_by_its_periods() {
    for (clause, announced) in [(2, false), (4, true)] {
        let mut play = mandate("2027-01-31T00:00:00Z");
        if announced {
            play.call(1, &[money(100)]).unwrap();
        }
        play.call(clause, &[]).unwrap();
        assert_eq!((play.at(), play.has(0)), ("closed", 0));
        assert_eq!(play.told, ["MD01"]);
    }
    let mut play = mandate("2027-01-31T00:00:00Z");
    play.call(3, &[]).unwrap();
    assert_eq!(play.at(), "closed");
    let mut play = mandate("2027-01-31T00:00:00Z");
    play.call(1, &[money(500)]).unwrap();
    play.call(5, &[]).unwrap();
    play.call(1, &[money(500)]).expect("an announcement taken back does not count");
    play.pulls = false;
    play.time_out();
    assert_eq!((play.at(), play.has(0)), ("active", 0), "a payer that lacks funds ends nothing");
    assert!(play.told.contains(&"MS03".to_owned()));
    // Month-ends and leap years: periods end on the last day that a month has.
    let mut play = mandate("2027-11-30T00:00:00Z");
    let mut ends = Vec::new();
    while play.state.is_some() {
        ends.push(play.until().get(..10).unwrap().to_owned());
        play.time_out();
    }
    assert_eq!(ends, ["2027-11-30", "2027-12-30", "2028-01-30", "2028-02-29"]);
}

fn credit(drawings: i128, presentations: i128) -> Play {
    let terms = [
        money(10_000),
        ratio(1, 10),
        at("2026-11-25T09:00:00Z"),
        at("2027-02-23T09:00:00Z"),
        lasts(30 * DAY),
        int(drawings),
        int(presentations),
    ];
    let mut play = Play::open("LetterOfCredit", NOW, &terms);
    assert_eq!(play.ends_by_itself().has(0), 0);
    play.call(1, &[]).unwrap();
    assert_eq!((play.at(), play.has(0)), ("issued", -11_000), "the amount and its tolerance, from the issuing bank");
    play
}

#[test]
fn a_letter_of_credit_is_honoured_by_silence() {
    let mut play = credit(2, 3);
    assert_eq!(play.ends_by_itself().has(0), 0, "nothing was presented before expiry");
    assert_eq!(play.clone().call(2, &[money(11_001), hash(1)]), Err(Why::Requirement));
    assert_eq!(play.clone().call(2, &[money(0), hash(1)]), Err(Why::Requirement));
    play.call(2, &[money(4_000), hash(1)]).unwrap();
    // Presented on Monday: five banking days end with the next Monday.
    assert_eq!((play.at(), play.until().as_str()), ("examined", "2026-12-01T00:00:00.000Z"));
    play.time_out();
    assert_eq!((play.at(), play.until().as_str()), ("accepted", "2026-12-31T00:00:00.000Z"));
    play.time_out();
    assert_eq!((play.at(), play.has(1)), ("issued", 4_000), "a partial drawing; the credit stays open");
    play.call(2, &[money(7_000), hash(2)]).unwrap();
    play.call(4, &[]).unwrap();
    play.time_out();
    assert_eq!((play.at(), play.has(0), play.has(1)), ("closed", -11_000, 11_000));
}

#[test]
fn a_letter_of_credit_can_be_presented_again_so_often_and_no_more() {
    let mut play = credit(1, 2);
    play.call(2, &[money(4_000), hash(1)]).unwrap();
    play.call(5, &[hash(9)]).unwrap();
    assert_eq!(
        (play.at(), play.told.as_slice()),
        ("issued", &["documents".to_owned(), "discrepancies".to_owned()][..])
    );
    play.call(2, &[money(4_000), hash(2)]).unwrap();
    play.call(5, &[hash(9)]).unwrap();
    assert_eq!((play.at(), play.has(0)), ("closed", 0));
    let mut play = credit(1, 2);
    play.call(3, &[]).unwrap();
    assert_eq!((play.at(), play.has(0)), ("closed", 0));
    let mut play = credit(1, 1);
    play.call(2, &[money(4_000), hash(1)]).unwrap();
    let end = play.ends_by_itself();
    assert_eq!((end.has(0), end.has(1)), (-4_000, 4_000));
}
