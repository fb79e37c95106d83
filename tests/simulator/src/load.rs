//! Payments for the replicas to settle: between the settlement accounts of the devnet's banks.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::RngCore;
use seaway_genesis::seed;
use seaway_types::amount::Amount;
use seaway_types::asset::AssetId;
use seaway_types::bounded::Bounded;
use seaway_types::genesis::GenesisDocument;
use seaway_types::identifier::{AccountId, InstructionKey};
use seaway_types::instruction::payment::{BulkMode, ChargeBearer, Credit, CreditKind, CreditTransfer};
use seaway_types::instruction::{AuthenticInstruction, Body, Envelope, Leg, RawInstruction, Submitter};
use seaway_types::time::BlockTime;
use seaway_types::{Bic, Uetr};

/// Makes instructions.
#[derive(Clone, Debug)]
pub struct Load {
    document: GenesisDocument,
    accounts: Vec<(AccountId, Bic)>,
}

/// Settlement accounts that hold HKD, which is asset 1.
const PAYERS: [(&str, &str); 2] = [("HARBHKHH", "harbour-own"), ("MERLSGSG", "merlion-own")];
const HKD: AssetId = AssetId(1);

impl Load {
    /// Over the accounts of a document.
    pub fn new(document: &GenesisDocument) -> Self {
        let accounts = document.accounts.iter().map(|one| (one.open.account, one.open.agent)).collect();
        Self { document: document.clone(), accounts }
    }

    /// A payment of a random amount from one bank to some account.
    pub fn payment(&self, random: &mut ChaCha8Rng, now: BlockTime) -> AuthenticInstruction {
        let (agent, label) = PAYERS[random.next_u32() as usize % PAYERS.len()];
        let debtor = seed::account(agent, label);
        let agent: Bic = agent.parse().expect("a BIC of the devnet");
        let others: Vec<_> = self.accounts.iter().filter(|(account, _)| *account != debtor).collect();
        let (creditor, creditor_agent) = *others[random.next_u32() as usize % others.len()];
        let mut bytes = [0; 32];
        random.fill_bytes(&mut bytes);
        let (key, uetr) = bytes.split_at(16);
        let credit = Credit {
            kind: CreditKind::Institution,
            uetr: Uetr::from_random(uetr.try_into().expect("16 bytes")),
            end_to_end_id: "SIM".parse().expect("a text"),
            creditor,
            amount: Amount::new(1 + u64::from(random.next_u32() % 10_000)).expect("a small amount"),
            instructing_agent: agent,
            debtor_agent: agent,
            creditor_agent,
            instructed: None,
            charge_bearer: ChargeBearer::Shared,
            charges: Bounded::default(),
            purpose: None,
            party_data_hash: None,
            remittance_hash: None,
            acceptance: None,
        };
        let transfer = CreditTransfer {
            debtor,
            asset: HKD,
            mode: BulkMode::AllOrNothing,
            settlement_date: None,
            credits: Bounded::new(vec![credit]).expect("one credit"),
        };
        let envelope = Envelope {
            network: self.document.network,
            submitter: Submitter::Participant(agent),
            key: InstructionKey(key.try_into().expect("16 bytes")),
            valid_until: now.after_ms(300_000),
            body: Body::Single(Leg::CreditTransfer(transfer)),
        };
        let signed = envelope.sign(&[seed::secret_key(&agent.to_string())]);
        let decoded = RawInstruction::from(&signed).decode().expect("well-formed");
        decoded.authenticate().expect("signed")
    }
}
