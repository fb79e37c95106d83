use super::*;
use seaway_genesis::{ceremony, seed};
use seaway_rpc::NodeStatus;
use seaway_types::genesis::GenesisDocument;
use seaway_types::instruction::payment::CreditKind;
use tempfile::TempDir;

/// A node of the devnet that stands at the genesis.
struct Place {
    folder: TempDir,
    document: GenesisDocument,
    secret: [u8; 32],
}

impl Place {
    fn of(bic: &str) -> Self {
        let document = ceremony::devnet().unwrap().document().unwrap();
        let secret = seed::secret_key(&format!("node-{bic}"));
        Self { folder: tempfile::tempdir().unwrap(), document, secret }
    }

    fn node(&self) -> PublicKey {
        public_key(&self.secret)
    }

    fn open(&self) -> Arc<Parties> {
        let opened = Database::open(self.folder.path(), &self.document, 1).unwrap();
        let status = NodeStatus {
            network: self.document.network,
            genesis: self.document.hash(),
            node: self.node(),
            validator: None,
            height: opened.tip.height,
            tip: opened.tip.id,
            time: opened.tip.time,
            waiting: 0,
            executed: 0,
            halted: None,
        };
        Parties::open(opened.database, Arc::new(Shared::new(status)), Zeroizing::new(self.secret)).unwrap()
    }
}

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

/// What one node hands to another, as the other gets it.
fn sealed(parcel: &Parcel) -> Vec<u8> {
    let question = parcel.question.as_ref().unwrap();
    let Question::PartyData(sealed) = codec::decode(question, question.len()).unwrap() else {
        panic!("another question")
    };
    sealed.into_inner()
}

#[test]
fn it_goes_to_both_sides_and_is_handed_over_once_acknowledged() {
    let (harbour, merlion, authority) = (Place::of("HARBHKHH"), Place::of("MERLSGSG"), Place::of("MONAHKHH"));
    let parties = harbour.open();
    let expected = ["MERLSGSG", "MONAHKHH"].map(|bic| bic.parse::<Bic>().unwrap());
    assert_eq!(parties.send(vec![data(1), data(2)]).unwrap(), Travels::Sent(expected.to_vec()));
    assert_eq!(parties.kept(&data(1).uetr).unwrap(), [data(1)]);
    assert_eq!(parties.waiting(), 4);
    drop(parties);
    // What waits outlives the process.
    let parties = harbour.open();
    assert_eq!(parties.waiting(), 4);
    assert_eq!(parties.begin([merlion.node(), authority.node(), harbour.node()].into_iter()).len(), 2);
    assert!(parties.begin([merlion.node()].into_iter()).is_empty(), "it is being handed over");
    for place in [&merlion, &authority] {
        assert!(parties.parcel(&place.node(), false, None).unwrap().is_none(), "no payment has come");
        let parcel = parties.parcel(&place.node(), true, None).unwrap().unwrap();
        assert_eq!(parcel.outgoing.len(), 2);
        let there = place.open();
        assert_eq!(there.receive(&harbour.node(), &sealed(&parcel)).unwrap(), Some(Vec::new()));
        assert_eq!(there.kept(&data(2).uetr).unwrap(), [data(2)]);
        // Twice does no harm.
        there.receive(&harbour.node(), &sealed(&parcel)).unwrap();
        assert_eq!(there.waiting(), 0, "only the debtor's agent hands it on");
        parties.delivered(&parcel.outgoing).unwrap();
        assert!(parties.parcel(&place.node(), true, None).unwrap().is_none());
    }
    assert_eq!(parties.waiting(), 0);
    drop(parties);
    assert_eq!(harbour.open().waiting(), 0);
}

#[test]
fn only_the_debtors_agent_hands_on_and_only_to_whom_it_concerns() {
    let (harbour, merlion, thames) = (Place::of("HARBHKHH"), Place::of("MERLSGSG"), Place::of("THAMGB2L"));
    // Another bank's node keeps nothing for this sender.
    assert_eq!(merlion.open().send(vec![data(1)]).unwrap(), Travels::KeptBySender);
    assert!(merlion.open().kept(&data(1).uetr).unwrap().is_empty());
    let there = merlion.open();
    let packed = pack(&[data(1)], &merlion.node()).unwrap();
    assert_eq!(there.receive(&public_key(&[9; 32]), &packed), Err(Fault::Forbidden), "a stranger");
    there.receive(&thames.node(), &packed).unwrap();
    assert!(there.kept(&data(1).uetr).unwrap().is_empty(), "it is not this sender's");
    let foreign = pack(&[data(1)], &thames.node()).unwrap();
    assert_eq!(there.receive(&harbour.node(), &foreign), Err(Fault::Forbidden), "sealed to another node");
    let elsewhere = thames.open();
    elsewhere.receive(&harbour.node(), &foreign).unwrap();
    assert!(elsewhere.kept(&data(1).uetr).unwrap().is_empty(), "it does not concern that bank");
    there.receive(&harbour.node(), &packed).unwrap();
    assert_eq!(there.kept(&data(1).uetr).unwrap(), [data(1)]);
}

#[test]
fn what_is_deleted_is_handed_over_no_more() {
    let (harbour, merlion) = (Place::of("HARBHKHH"), Place::of("MERLSGSG"));
    let parties = harbour.open();
    parties.send(vec![data(1), data(2)]).unwrap();
    assert!(parties.delete(data(1).name()).unwrap());
    assert!(!parties.delete(data(1).name()).unwrap());
    assert!(parties.kept(&data(1).uetr).unwrap().is_empty());
    let parcel = parties.parcel(&merlion.node(), true, None).unwrap().unwrap();
    assert_eq!(parcel.outgoing, [(merlion.node(), data(2).told())]);
    drop(parties);
    assert_eq!(harbour.open().waiting(), 2);
}

#[test]
fn what_waits_too_long_for_its_payment_is_deleted() {
    let harbour = Place::of("HARBHKHH");
    let parties = harbour.open();
    let before = clock();
    parties.send(vec![data(1)]).unwrap();
    parties.sweep().unwrap();
    assert_eq!(parties.kept(&data(1).uetr).unwrap(), [data(1)]);
    let since = *parties.held().awaited.values().next().unwrap();
    assert!(since >= before, "it waits from the clock's time on, however old the tip is");
    parties.shared.update(|status| status.time = since.after_ms(PARTY_AWAITED_MS));
    parties.sweep().unwrap();
    assert_eq!(parties.kept(&data(1).uetr).unwrap(), [data(1)]);
    parties.shared.update(|status| status.time = since.after_ms(PARTY_AWAITED_MS + 1));
    parties.sweep().unwrap();
    assert!(parties.kept(&data(1).uetr).unwrap().is_empty());
    assert_eq!((parties.waiting(), parties.held().awaited.len()), (0, 0));
}

#[test]
fn it_is_bounded_in_length_and_number() {
    let harbour = Place::of("HARBHKHH");
    let parties = harbour.open();
    let long = PartyData { remittance: Some("x".repeat(48 << 10)), ..data(1) };
    assert!(matches!(parties.send(vec![long]), Err(Fault::Parameter { field: "message", .. })));
    assert_eq!(parties.waiting(), 0, "nothing is noted down of what is refused");
    let merlion = Place::of("MERLSGSG").node();
    parties.held().outbox.insert(merlion, many(PARTY_OUTBOX_OF_NODE_MAX).collect());
    assert!(matches!(parties.send(vec![data(1)]), Err(Fault::Unavailable(why)) if why.contains("MERLSGSG")));
    parties.held().outbox.clear();
    let since = BlockTime::default();
    parties.held().awaited.extend(many(PARTY_AWAITED_OF_AGENT_MAX).map(|told| (told, since)));
    parties.swept.lock().unwrap().replace(Instant::now());
    assert!(matches!(parties.send(vec![data(1)]), Err(Fault::Unavailable(why)) if why.contains("HARBHKHH")));
}

/// Names of party data that nobody has.
fn many(count: usize) -> impl Iterator<Item = Told> {
    let told = data(0).told();
    (0..count).map(move |number| {
        let mut random = [0; 16];
        random[..8].copy_from_slice(&number.to_le_bytes());
        Told { payment: PaymentKey { uetr: Uetr::from_random(random), ..told.payment }, ..told }
    })
}

#[test]
fn a_supervisor_that_is_away_stops_no_payment() {
    let (harbour, authority) = (Place::of("HARBHKHH"), Place::of("MONAHKHH"));
    let parties = harbour.open();
    parties.held().outbox.insert(authority.node(), many(PARTY_OUTBOX_OF_NODE_MAX).collect());
    assert_eq!(parties.send(vec![data(1)]).unwrap(), Travels::Sent(vec!["MERLSGSG".parse().unwrap()]));
    assert_eq!(parties.left_out(), 1);
}

#[test]
fn what_else_is_told_of_a_payment_replaces_nothing() {
    let (harbour, merlion) = (Place::of("HARBHKHH"), Place::of("MERLSGSG"));
    let version = |number: usize| PartyData { parties: Some(format!("<Dbtr>Name {number}</Dbtr>")), ..data(1) };
    let (parties, there) = (harbour.open(), merlion.open());
    for number in 0..PARTY_VERSIONS_MAX {
        parties.send(vec![version(number)]).unwrap();
        // The same once more takes no room.
        parties.send(vec![version(number)]).unwrap();
    }
    assert_eq!(parties.kept(&data(1).uetr).unwrap().len(), PARTY_VERSIONS_MAX);
    assert!(matches!(parties.send(vec![version(PARTY_VERSIONS_MAX)]), Err(Fault::Unavailable(_))));
    let parcel = parties.parcel(&merlion.node(), true, None).unwrap().unwrap();
    assert_eq!(parcel.outgoing.len(), PARTY_VERSIONS_MAX);
    there.receive(&harbour.node(), &sealed(&parcel)).unwrap();
    assert_eq!(there.kept(&data(1).uetr).unwrap().len(), PARTY_VERSIONS_MAX);
    let more = pack(&[version(PARTY_VERSIONS_MAX)], &merlion.node()).unwrap();
    assert!(matches!(there.receive(&harbour.node(), &more), Err(Fault::Unavailable(_))));
    // Deleted by the payment's name, all of it goes.
    assert!(there.delete(data(1).name()).unwrap());
    assert!(there.kept(&data(1).uetr).unwrap().is_empty());
}

#[test]
fn what_came_with_a_refused_instruction_is_taken_back() {
    let harbour = Place::of("HARBHKHH");
    let parties = harbour.open();
    parties.send(vec![data(1), data(2)]).unwrap();
    parties.withdraw(&[data(1).told(), data(3).told()]).unwrap();
    assert!(parties.kept(&data(1).uetr).unwrap().is_empty());
    assert_eq!(parties.kept(&data(2).uetr).unwrap(), [data(2)]);
    assert_eq!((parties.waiting(), parties.held().awaited.len()), (2, 1));
}

#[test]
fn what_waits_for_a_lost_key_goes_to_the_nodes_of_today() {
    let (harbour, merlion, authority) = (Place::of("HARBHKHH"), Place::of("MERLSGSG"), Place::of("MONAHKHH"));
    let parties = harbour.open();
    parties.send(vec![data(1)]).unwrap();
    let before = public_key(&[9; 32]);
    let outgoing = vec![(before, data(1).told())];
    parties.note(&Beside { outgoing, ..Beside::default() }).unwrap();
    parties.delivered(&[(merlion.node(), data(1).told()), (authority.node(), data(1).told())]).unwrap();
    parties.sweep().unwrap();
    let nodes: BTreeSet<PublicKey> = parties.held().outbox.keys().copied().collect();
    assert_eq!(nodes, BTreeSet::from([merlion.node(), authority.node()]));
}

#[test]
fn what_does_not_open_stops_nothing_else() {
    let (harbour, merlion) = (Place::of("HARBHKHH"), Place::of("MERLSGSG"));
    let parties = harbour.open();
    parties.send(vec![data(1), data(2)]).unwrap();
    let damaged = Beside { sealed: vec![(data(1).told(), vec![1; 99])], ..Beside::default() };
    parties.database.keep_beside(&damaged).unwrap();
    assert!(parties.kept(&data(1).uetr).unwrap().is_empty());
    parties.sweep().unwrap();
    let parcel = parties.parcel(&merlion.node(), true, None).unwrap().unwrap();
    assert_eq!(parcel.outgoing.len(), 2, "nothing waits for what is lost");
    merlion.open().receive(&harbour.node(), &sealed(&parcel)).unwrap();
}

#[test]
fn what_is_refused_delays_nothing_behind_it() {
    let (harbour, merlion) = (Place::of("HARBHKHH"), Place::of("MERLSGSG"));
    let (parties, node) = (harbour.open(), merlion.node());
    parties.send((1..=4).map(data).collect()).unwrap();
    assert_eq!(parties.begin([node].into_iter()), [node]);
    assert!(parties.halve(&node));
    for _ in 0..5 {
        parties.halve(&node);
    }
    assert!(!parties.halve(&node), "one by one");
    let next = |behind| parties.parcel(&node, true, behind).unwrap().map(|parcel| parcel.outgoing[0].1);
    let first = next(None).unwrap();
    let second = next(Some(first)).unwrap();
    assert!(first < second && next(Some(second)).is_some());
    parties.end(&node, true);
    assert!(parties.begin([node].into_iter()).is_empty(), "it rests");
}
