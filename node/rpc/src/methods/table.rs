//! All methods: parameters, what they answer, and who may call them.

/// Who may call a method.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// Everybody: it tells nothing of anybody.
    Open,
    /// Everybody: what is submitted carries its own signatures.
    Signed,
    /// The owner, its servicing agent, the supervisors concerned; where `open_reads` is set, everybody.
    Concerned,
    /// Whoever holds a key of a participant; where `open_reads` is set, everybody.
    Participant,
    /// Whoever holds a key of the institution whose node it is, also where `open_reads` is set.
    Own,
}

/// A method as its documentation says it.
#[derive(Clone, Copy, Debug)]
pub struct Method {
    /// Its name.
    pub name: &'static str,
    /// Its parameters by name: what each is, and whether it must be there.
    pub params: &'static [(&'static str, &'static str, bool)],
    /// What it answers.
    pub summary: &'static str,
    /// Who may call it.
    pub access: Access,
}

const fn method(
    name: &'static str,
    access: Access,
    params: &'static [(&'static str, &'static str, bool)],
    summary: &'static str,
) -> Method {
    Method { name, params, summary, access }
}

/// All methods, in order of their names.
pub const TABLE: &[Method] = &[
    method(
        "account_balances",
        Access::Concerned,
        &[("account", "account id", true), ("height", "at which height; the tip without it", false)],
        "what an account holds of each asset",
    ),
    method(
        "account_entries",
        Access::Concerned,
        &[
            ("account", "account id", true),
            ("height", "up to which height; the tip without it", false),
            ("count", "of how many blocks, at most 100; 20 without it", false),
            ("cursor", "of the answer before", false),
            ("details", "true adds to each movement its payment's end-to-end id, and why it was made", false),
        ],
        "movements on an account, newest block first, with the balance after each",
    ),
    method("account_get", Access::Concerned, &[("account", "account id", true)], "an account's record"),
    method(
        "account_list",
        Access::Concerned,
        &[
            ("agent", "BIC", true),
            ("count", "how many, at most 100; 20 without it", false),
            ("cursor", "of the answer before", false),
        ],
        "the accounts that an agent services",
    ),
    method(
        "account_resolve",
        Access::Participant,
        &[("agent", "BIC", true), ("number", "IBAN or other number of the agent's, 1 to 34 characters", true)],
        "the id of the account that an agent's number names; another agent's node is asked",
    ),
    method(
        "account_subscribe",
        Access::Concerned,
        &[("account", "account id", true), ("from", "first height; the next one without it", false)],
        "the movements on an account, block by block; ended by account_unsubscribe",
    ),
    method(
        "account_unsubscribe",
        Access::Open,
        &[("subscription", "its id, by position", true)],
        "ends a subscription",
    ),
    method("asset_list", Access::Open, &[], "the assets, with their issuers and what is in circulation"),
    method("auth_challenge", Access::Open, &[], "random bytes to sign with a key, and the very message to sign"),
    method(
        "auth_token",
        Access::Open,
        &[
            ("challenge", "of auth_challenge", true),
            ("key", "public key", true),
            ("signature", "over the message", true),
        ],
        "a token that shows for 15 minutes that the caller holds the key; it goes into 'Authorization: Bearer'",
    ),
    method(
        "contract_allowances",
        Access::Concerned,
        &[("account", "account id", true)],
        "what an account allows contracts to pull, and what was pulled",
    ),
    method(
        "contract_check",
        Access::Open,
        &[("text", "a contract", true)],
        "whether the verifier accepts a contract: its bytes and hash, or what is wrong, with line and column",
    ),
    method(
        "contract_code",
        Access::Open,
        &[("code", "hash of registered code", true)],
        "registered code, as text too",
    ),
    method(
        "contract_codes",
        Access::Open,
        &[("count", "how many, at most 100; 20 without it", false), ("cursor", "of the answer before", false)],
        "registered codes",
    ),
    method(
        "contract_events",
        Access::Concerned,
        &[
            ("instance", "instance id", true),
            ("from", "from which height on", false),
            ("count", "blocks with events, at most 100; 20 without it", false),
        ],
        "what happened to a contract, oldest first",
    ),
    method(
        "contract_explain",
        Access::Concerned,
        &[
            ("instance", "instance id", false),
            ("code", "or hash of registered code", false),
            ("text", "or a contract", false),
            ("terms", "with code or text: terms to fill in", false),
        ],
        "a contract as prose, its parameters filled in",
    ),
    method("contract_get", Access::Concerned, &[("instance", "instance id", true)], "where a contract stands"),
    method(
        "contract_list",
        Access::Concerned,
        &[
            ("account", "account id", true),
            ("count", "how many, at most 100; 20 without it", false),
            ("cursor", "of the answer before", false),
        ],
        "the contracts that an account is a party of, and the offers that it took",
    ),
    method(
        "contract_outcomes",
        Access::Concerned,
        &[
            ("instance", "instance id", false),
            ("code", "or hash of registered code", false),
            ("text", "or a contract", false),
            ("terms", "with code or text: terms to fill in", false),
        ],
        "every way through a contract, who gets what on it, and its greatest cost",
    ),
    method(
        "contract_proof",
        Access::Concerned,
        &[
            ("instance", "instance id", true),
            ("height", "of contract_events", true),
            ("position", "likewise", true),
            ("place", "likewise", true),
        ],
        "the proof of an event, to check offline",
    ),
    method(
        "contract_simulate",
        Access::Concerned,
        &[("bytes", "canonical bytes of a signed instruction of at most 64 credits, in hexadecimal", true)],
        "what the ledger would answer now, events included; nothing changes",
    ),
    method(
        "feed_read",
        Access::Concerned,
        &[
            ("participant", "BIC", true),
            ("after", "number of the last event known; 0 without it", false),
            ("count", "most events, at most 1000; 100 without it", false),
        ],
        "what happened that concerns a participant, numbered from 1 without gaps, the same at every node",
    ),
    method(
        "fx_list",
        Access::Open,
        &[
            ("sold", "asset given", false),
            ("bought", "asset wanted", false),
            ("count", "how many, at most 100; 20 without it", false),
            ("cursor", "of the answer before", false),
        ],
        "the exchange quotes that can be taken now",
    ),
    method(
        "fx_publish",
        Access::Signed,
        &[("quote", "canonical bytes of a signed offer of the standard contract FxQuote, in hexadecimal", true)],
        "takes an exchange quote up and passes it on to all nodes",
    ),
    method(
        "fx_request",
        Access::Open,
        &[
            ("sold", "asset given", true),
            ("bought", "asset wanted", true),
            ("amount", "how much of one of them, as in '1000.00 USD'", true),
        ],
        "the quotes that cover an amount, the best first, with what each costs and gives; dealers hear of the wish",
    ),
    method("fx_subscribe", Access::Open, &[], "quotes and wishes from now on; ended by fx_unsubscribe"),
    method("fx_unsubscribe", Access::Open, &[("subscription", "its id, by position", true)], "ends a subscription"),
    method(
        "instruction_status",
        Access::Concerned,
        &[("submitter", "submitter", true), ("key", "instruction key", true)],
        "what became of an instruction, and the hash of its body",
    ),
    method(
        "iso20022_message",
        Access::Concerned,
        &[
            ("reference", "of an instruction, as statements and feed_read have it: as in 4711-0", true),
            ("uetr", "only the messages of this payment; it must be given where there are more than 100", false),
            ("proof", "false leaves the proof out", false),
        ],
        "the messages that an instruction stands for, as the other side's bank receives them, the same from every node",
    ),
    method(
        "iso20022_prepare",
        Access::Participant,
        &[
            ("message", "pacs.008, pacs.009, pacs.004, camt.056, camt.029 or pain.001", true),
            ("salt", "of the message's hashes, 64 hexadecimal digits; the node's own without it", false),
        ],
        "what a message asks, as canonical bytes to sign; its answer: RCVD, or what became of it, with nothing to sign",
    ),
    method(
        "iso20022_statement",
        Access::Concerned,
        &[
            ("account", "account id", true),
            ("asset", "as in HKD or HKD@HARBHKHH", true),
            (
                "message",
                "camt.053.001.08 of a day, camt.052.001.08 of a day so far, camt.054.001.08 of one block",
                true,
            ),
            ("day", "of camt.053: a day that is over in the asset's calendar", false),
            ("height", "of camt.052, the tip's without it, and of camt.054", false),
            ("number", "the account's IBAN or other number, which stands in the message then", false),
            ("to", "the BIC to whom the message's header goes; no header without it", false),
            ("count", "entries of a page, at most 1000, with proofs 100", false),
            ("cursor", "of the page before", false),
            ("proof", "true adds what shows each entry without trust in this node", false),
        ],
        "a statement of an account, the same from every node: its balances and entries, page by page",
    ),
    method(
        "iso20022_submit",
        Access::Participant,
        &[
            ("message", "pacs.008, pacs.009, pacs.004, camt.056, camt.029 or pain.001", true),
            ("salt", "of the message's hashes, 64 hexadecimal digits; the node's own without it", false),
            ("bytes", "of iso20022_prepare; without them the node signs, for who holds a key of its agent", false),
            ("signatures", "over the digest, each with key and signature", false),
            ("wait", "admitted, which is answered ACTC at once, or final, as without it", false),
            ("timeoutMs", "how long to wait, at most 60000; 10000 without it", false),
            ("proof", "false leaves the proof out", false),
        ],
        "settles a message once, however often it comes, and answers with the message that says what became of it",
    ),
    method("ledger_block", Access::Open, &[("height", "height", true)], "a block's header, certificate and wire ids"),
    method("ledger_head", Access::Open, &[], "the newest block's header and certificate"),
    method(
        "ledger_proof",
        Access::Concerned,
        &[
            ("account", "account id, to prove its record", false),
            ("asset", "with account: to prove this balance", false),
            ("record", "a state key, to prove any record", false),
            (
                "instruction",
                "submitter, key and validUntil, to prove that it was executed, or that it never will be",
                false,
            ),
            ("height", "the tip's; earlier states cannot be proven", false),
        ],
        "the proof of what stands in the ledger, or of what does not, to check offline",
    ),
    method("ledger_supply", Access::Open, &[("asset", "asset", true)], "an asset's totals"),
    method(
        "limits_get",
        Access::Concerned,
        &[("account", "account id", true), ("asset", "asset", true)],
        "an account's limits in an asset, and what its holder has used of them",
    ),
    method(
        "network_evidence",
        Access::Participant,
        &[],
        "what validators were seen to do that no correct one does, signed by themselves",
    ),
    method("network_peers", Access::Open, &[], "the nodes that are connected to this one"),
    method("network_status", Access::Open, &[], "how this node is"),
    method("network_validators", Access::Open, &[], "the validators of the next height"),
    method("participant_list", Access::Open, &[], "the institutions with their roles and keys"),
    method(
        "party_data_delete",
        Access::Own,
        &[("uetr", "UETR", true), ("debtorAgent", "BIC", true), ("kind", "customer, institution or cover", true)],
        "deletes the names, addresses and remittance information of a payment at this node; proofs hold without them",
    ),
    method(
        "party_data_get",
        Access::Own,
        &[
            ("uetr", "UETR", true),
            ("envelope", "true adds the instruction without its signatures, to check the hashes in it", false),
        ],
        "names, addresses and remittance information of payments, with their hashes and whether the ledger has them",
    ),
    method(
        "payment_list",
        Access::Concerned,
        &[
            ("account", "account id", true),
            ("status", "only payments that stand so: PDNG, ACSC, ACCC, RJCT", false),
            ("from", "from which height on", false),
            ("height", "up to which height; the tip without it", false),
            ("count", "blocks to look through, at most 100; 20 without it", false),
            ("cursor", "of the answer before", false),
        ],
        "the payments that moved money on an account, newest first; a page may be empty and have a cursor",
    ),
    method(
        "payment_prepare",
        Access::Concerned,
        &[
            (
                "payment",
                "debtor, creditor, amount as in '10.00 HKD'; endToEndId, purpose, uetr, key, validUntil if wanted",
                false,
            ),
            ("envelope", "any instruction, whole", false),
        ],
        "an instruction's canonical bytes, the digest to sign, and what it says in words",
    ),
    method(
        "payment_proof",
        Access::Concerned,
        &[("uetr", "UETR", true)],
        "proofs of all credit transfers with this UETR, to check offline",
    ),
    method(
        "payment_simulate",
        Access::Concerned,
        &[("bytes", "canonical bytes of a signed instruction of at most 64 credits, in hexadecimal", true)],
        "what the ledger would answer now; nothing changes",
    ),
    method(
        "payment_status",
        Access::Concerned,
        &[("uetr", "UETR", true)],
        "all credit transfers with this UETR and when their status changed, and the contracts that it names",
    ),
    method(
        "payment_submit",
        Access::Signed,
        &[
            (
                "bytes",
                "canonical bytes of a signed instruction in hexadecimal, or of an envelope as payment_prepare gives them",
                true,
            ),
            ("signatures", "with an envelope: key and signature over its digest, of each who signs", false),
            ("wait", "admitted or final", false),
            ("timeoutMs", "how long to wait for final, at most 60000", false),
        ],
        "takes a signed instruction; answers when it is admitted, or when it is final",
    ),
    method(
        "payment_subscribe",
        Access::Concerned,
        &[("from", "first height; the next one without it", false), ("account", "only what concerns it", false)],
        "every block's answers in order; ended by payment_unsubscribe",
    ),
    method(
        "payment_unsubscribe",
        Access::Open,
        &[("subscription", "its id, by position", true)],
        "ends a subscription",
    ),
    method("rpc_discover", Access::Open, &[], "this list, as an OpenRPC document"),
    method(
        "webhook_dead",
        Access::Own,
        &[
            ("webhook", "its name", true),
            ("after", "number of the last event known; 0 without it", false),
            ("count", "how many, at most 100; 20 without it", false),
        ],
        "the events that a webhook's endpoint refused for good, by rising number",
    ),
    method(
        "webhook_list",
        Access::Own,
        &[],
        "the webhooks of this node, how delivery stands, and how many dead letters each has",
    ),
    method(
        "webhook_redeliver",
        Access::Own,
        &[("webhook", "its name", true), ("number", "of an event that webhook_dead lists", true)],
        "sends a dead letter again, alone and out of order; once it is taken it is a dead letter no more",
    ),
];
