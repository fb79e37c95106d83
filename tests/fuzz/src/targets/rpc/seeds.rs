//! A request for each method, with parameters that it takes.

use crate::day::day;
use crate::vectors;
use seaway_genesis::seed;
use seaway_types::amount::Amount;
use seaway_types::bounded::Bounded;
use seaway_types::codec;
use seaway_types::contract::{Offer, Ratio, SignedOffer, Terms, Value as Term};
use seaway_types::identifier::{AccountId, InstructionKey};
use seaway_types::instruction::{AuthenticInstruction, Submitter};
use seaway_types::signature::{Evidence, sign};
use seaway_types::state::StateKey;
use seaway_types::time::BlockTime;
use seaway_types::{AssetId, Uetr};
use seaway_vm::{Program, text};
use serde_json::{Value, json};

fn merchant() -> AccountId {
    seed::account("HARBHKHH", "hk-merchant")
}

fn quote_code() -> Program {
    let source = seaway_contracts::text_of("FxQuote").expect("a standard contract");
    Program::from_code(text::read(source).expect("a text").code).expect("a program")
}

/// A quote of a dealer; nobody signed it.
pub(super) fn offer() -> SignedOffer {
    let ends = BlockTime::from_ms(1_800_000_000_000).expect("a time");
    let rate = Ratio::new(128, 1_000).expect("a rate");
    let most = Amount::new(500_000_000).expect("an amount");
    let terms = Terms {
        code: quote_code().hash(),
        parties: Bounded::new(vec![AccountId([4; 16])]).expect("one"),
        panels: Bounded::default(),
        assets: Bounded::new(vec![AssetId(1), AssetId(4)]).expect("two"),
        parameters: Bounded::new(vec![Term::Ratio(rate), Term::Money(most), Term::Time(ends)]).expect("three"),
    };
    let offer = Offer {
        network: day().signed.document.network,
        terms,
        maker: 0,
        takers: Bounded::default(),
        not_after: ends,
        nonce: InstructionKey([9; 16]),
        uetr: Uetr::from_random([9; 16]),
    };
    SignedOffer { offer, signatures: Bounded::default() }
}

/// An instruction of the day.
fn executed() -> &'static AuthenticInstruction {
    day().blocks[0].instructions.first().expect("the day begins with instructions")
}

fn call(method: &str, params: Value) -> Value {
    json!({"jsonrpc": "2.0", "id": 1, "method": method, "params": params})
}

fn of_accounts() -> Vec<Value> {
    let account = merchant();
    vec![
        call("account_get", json!({"account": account})),
        call("account_balances", json!({"account": account, "height": "1"})),
        call("account_entries", json!({"account": account, "height": "5", "count": 1})),
        call("account_list", json!({"agent": "HARBHKHH", "count": 2})),
        call(
            "iso20022_statement",
            json!({"account": account, "asset": "HKD", "message": "camt.052.001.08", "height": "5", "count": 1}),
        ),
        call(
            "iso20022_statement",
            json!({"account": account, "asset": "HKD", "message": "camt.054.001.08", "height": "1", "to": "LAMMHKHH"}),
        ),
        call(
            "iso20022_statement",
            json!({"account": account, "asset": "HKD", "message": "camt.053.001.08", "day": "2026-11-23", "proof": true}),
        ),
        call("iso20022_message", json!({"reference": "1-0", "proof": false})),
        call("feed_read", json!({"participant": "HARBHKHH", "after": 0, "count": 10})),
        call("webhook_list", json!({})),
        call("webhook_dead", json!({"webhook": "core", "after": 0, "count": 10})),
        call("webhook_redeliver", json!({"webhook": "core", "number": 7})),
        call("account_resolve", json!({"agent": "MERLSGSG", "number": "sg-supplier"})),
        call("limits_get", json!({"account": account, "asset": "HKD"})),
        call("ledger_head", json!({})),
        call("ledger_block", json!({"height": "1"})),
        call("ledger_supply", json!({"asset": "HKD@PEARHKHH"})),
        call("ledger_proof", json!({"account": account, "asset": "HKD"})),
        call("ledger_proof", json!({"record": StateKey::Parameters})),
        call("asset_list", json!({})),
        call("participant_list", json!({})),
        call("network_status", json!({})),
        call("network_peers", json!({})),
        call("network_validators", json!({})),
        call("network_evidence", json!({})),
        call("rpc_discover", json!({})),
    ]
}

fn of_payments() -> Vec<Value> {
    let instruction = executed();
    let envelope = instruction.envelope();
    let bytes = hex::encode(&instruction.raw().0);
    let unsigned = hex::encode(codec::encode(envelope));
    let entry = sign(&seed::secret_key("hk-merchant"), &envelope.digest().0);
    let signature = if let Evidence::Ed25519(signature) = entry.evidence { Some(signature) } else { None };
    let signatures = json!([{"key": entry.key, "signature": signature}]);
    let uetr = Uetr::from_random([7; 16]);
    let payment = json!({
        "debtor": merchant(),
        "creditor": seed::account("MERLSGSG", "sg-supplier"),
        "amount": "1250.00 HKD",
        "endToEndId": "INV-1",
        "purpose": "GDDS",
        "uetr": uetr,
        "key": InstructionKey([7; 16]),
        "validUntil": "2026-11-25T02:05:00.000Z",
    });
    let named = json!({"submitter": envelope.submitter, "key": envelope.key, "validUntil": envelope.valid_until});
    vec![
        call("payment_prepare", json!({"payment": payment})),
        call("payment_prepare", json!({"envelope": envelope})),
        call("payment_submit", json!({"bytes": bytes})),
        call("party_data_get", json!({"uetr": uetr, "envelope": true})),
        call("party_data_delete", json!({"uetr": uetr, "debtorAgent": "HARBHKHH", "kind": "customer"})),
        call("payment_submit", json!({"bytes": unsigned, "signatures": signatures, "wait": "final", "timeoutMs": 5})),
        call("payment_simulate", json!({"bytes": bytes})),
        call("payment_status", json!({"uetr": uetr})),
        call("payment_proof", json!({"uetr": uetr})),
        call("payment_list", json!({"account": merchant(), "status": "ACCC", "from": "1", "height": "6"})),
        call("payment_subscribe", json!({"from": "1"})),
        call("instruction_status", json!({"submitter": Submitter::Authority, "key": InstructionKey([0; 16])})),
        call("ledger_proof", json!({"instruction": named})),
        call("auth_challenge", json!({})),
        call("auth_token", json!({"challenge": day().hash, "key": entry.key, "signature": signature})),
    ]
}

fn of_contracts() -> Vec<Value> {
    let escrow = seaway_contracts::text_of("Escrow").expect("a standard contract");
    let offer = offer();
    let (code, terms, id) = (offer.offer.terms.code, &offer.offer.terms, offer.offer.id());
    let quote = hex::encode(codec::encode(&offer));
    vec![
        call("contract_check", json!({"text": escrow})),
        call("contract_check", json!({"text": "contract Wrong v1 parties a assets C state s until t else close"})),
        call("contract_explain", json!({"text": escrow})),
        call("contract_explain", json!({"code": code, "terms": terms})),
        call("contract_outcomes", json!({"text": escrow})),
        call("contract_codes", json!({"count": 2})),
        call("contract_code", json!({"code": code})),
        call("contract_get", json!({"instance": id})),
        call("contract_list", json!({"account": merchant()})),
        call("contract_events", json!({"instance": id, "from": "1", "count": 3})),
        call("contract_proof", json!({"instance": id, "height": "1", "position": 0, "place": 0})),
        call("contract_simulate", json!({"bytes": hex::encode(&executed().raw().0)})),
        call("contract_allowances", json!({"account": merchant()})),
        call("fx_list", json!({"sold": "HKD", "bought": "USD", "count": 1})),
        call("fx_request", json!({"sold": "HKD", "bought": "USD", "amount": "1000.00 USD"})),
        call("fx_publish", json!({"quote": quote})),
    ]
}

pub(super) fn seeds() -> Vec<Vec<u8>> {
    let mut calls = of_accounts();
    calls.extend(of_payments());
    calls.extend(of_contracts());
    // An envelope of each family, as it is shown before it is signed.
    for raw in vectors::instructions() {
        let decoded = raw.decode().expect("a frozen instruction");
        calls.push(call("payment_prepare", json!({"envelope": decoded.envelope()})));
    }
    let batch = Value::Array(calls.iter().take(3).cloned().collect());
    let notification = json!({"jsonrpc": "2.0", "method": "ledger_head"});
    let mixed = json!([notification, calls[0], {"id": 2}, 7]);
    calls.extend([batch, notification, mixed]);
    calls.iter().map(|call| call.to_string().into_bytes()).collect()
}
