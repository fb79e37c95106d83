use super::*;
use seaway_genesis::{ceremony, seed};
use seaway_rpc::NodeStatus;
use seaway_types::genesis::GenesisDocument;
use seaway_types::hash::Hash32;
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
        let parcel = parties.parcel(&place.node()).unwrap().unwrap();
        assert_eq!(parcel.outgoing.len(), 2);
        let there = place.open();
        assert_eq!(there.receive(&harbour.node(), &sealed(&parcel)).unwrap(), Some(Vec::new()));
        assert_eq!(there.kept(&data(2).uetr).unwrap(), [data(2)]);
        // Twice does no harm.
        there.receive(&harbour.node(), &sealed(&parcel)).unwrap();
        assert_eq!(there.waiting(), 0, "only the debtor's agent hands it on");
        parties.delivered(&parcel.outgoing).unwrap();
        assert!(parties.parcel(&place.node()).unwrap().is_none());
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
    let parcel = parties.parcel(&merlion.node()).unwrap().unwrap();
    assert_eq!(parcel.outgoing, [(merlion.node(), data(2).name())]);
    drop(parties);
    assert_eq!(harbour.open().waiting(), 2);
}

#[test]
fn what_waits_too_long_for_its_payment_is_deleted() {
    let harbour = Place::of("HARBHKHH");
    let parties = harbour.open();
    parties.send(vec![data(1)]).unwrap();
    parties.sweep().unwrap();
    assert_eq!(parties.kept(&data(1).uetr).unwrap(), [data(1)]);
    parties.shared.update(|status| status.time = status.time.after_ms(PARTY_AWAITED_MS + 1));
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
    let name = |number: usize| {
        let mut random = [0; 16];
        random[..8].copy_from_slice(&number.to_le_bytes());
        PaymentKey { uetr: Uetr::from_random(random), ..data(0).name() }
    };
    let full = (0..PARTY_OUTBOX_OF_NODE_MAX).map(name).collect();
    parties.held().outbox.insert(merlion, full);
    assert!(matches!(parties.send(vec![data(1)]), Err(Fault::Unavailable(why)) if why.contains("MERLSGSG")));
}
