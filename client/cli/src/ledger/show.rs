//! What `ledger apply` prints: for people as tables, for programs as JSON, one object a line.

use super::lines::Context;
use crate::output::{say, table};
use comfy_table::{CellAlignment, Table};
use seaway_ledger::execution::ExecutedBlock;
use seaway_ledger::state::{MemoryState, StateView, Stored};
use seaway_types::amount::Amount;
use seaway_types::asset::AssetId;
use seaway_types::codec;
use seaway_types::identifier::AccountId;
use seaway_types::instruction::admin::Admin;
use seaway_types::instruction::{AuthenticInstruction, Body, Leg};
use seaway_types::reason::VoidReason;
use seaway_types::receipt::{BlockAct, PlacedReason, Receipt};
use seaway_types::state::{Balance, Field, Totals};
use serde_json::json;
use std::collections::BTreeMap;

/// Prints as the run goes.
pub struct Report<'a> {
    context: &'a Context,
    json: bool,
    labels: BTreeMap<AccountId, &'a str>,
}

impl<'a> Report<'a> {
    pub fn new(context: &'a Context, json: bool) -> Self {
        let labels = context.accounts.iter().map(|(label, id)| (*id, label.as_str())).collect();
        Self { context, json, labels }
    }

    fn account(&self, id: &AccountId) -> String {
        self.labels.get(id).map_or_else(|| id.to_string(), |label| format!("@{label}"))
    }

    /// The state to start from.
    pub fn genesis(&self, state: &MemoryState) {
        let root = state.commitment().parts().root();
        if self.json {
            say!("{}", json!({"genesis": {"time": state.tip().time, "stateRoot": root}}));
        } else {
            say!("{} at {}, state root {root}", self.context.network, state.tip().time);
        }
    }

    /// A block with its receipts, and what was left out of it.
    pub fn block(
        &self,
        executed: &ExecutedBlock,
        included: &[AuthenticInstruction],
        left_out: &[(AuthenticInstruction, VoidReason)],
        line: impl Fn(&AuthenticInstruction) -> usize,
    ) {
        let lines: Vec<usize> = included.iter().map(&line).collect();
        if self.json {
            let wires: Vec<String> =
                included.iter().map(|one| hex::encode(codec::encode(one.instruction()))).collect();
            return self.block_as_json(executed, &lines, &wires, left_out, line);
        }
        let context = executed.context();
        say!("\nblock {} at {}, state root {}", context.height, context.time, executed.state_root());
        let mut table = table(["line", "what", "status", "why"]);
        let acts = executed.receipts().len() - included.len();
        for (position, receipt) in executed.receipts().iter().enumerate() {
            match receipt {
                Receipt::Act(act) => {
                    table.add_row(["".to_owned(), self.act(act), "".to_owned(), "its time had come".to_owned()]);
                }
                Receipt::Instruction(receipt) => {
                    let place = position - acts;
                    let what = included.get(place).map_or_else(String::new, |one| self.what(&one.envelope().body));
                    let number = lines.get(place).map_or_else(String::new, usize::to_string);
                    table.add_row([number, what, receipt.status.iso().to_owned(), placed(receipt.reason)]);
                    self.credits(executed, position, receipt.credits, &mut table);
                }
            }
        }
        for (instruction, reason) in left_out {
            let what = self.what(&instruction.envelope().body);
            let number = line(instruction).to_string();
            let row = match reason {
                // Not a mistake: whoever repeats an instruction learns that the first one counts.
                VoidReason::AlreadyExecuted { height } => {
                    [number, what, "known".to_owned(), format!("executed at height {height}")]
                }
                _ => [number, what, "left out".to_owned(), format!("{} {reason}", reason.iso())],
            };
            table.add_row(row);
        }
        if table.row_count() > 0 {
            say!("{table}");
        }
    }

    /// The credits of a bulk instruction, where they did not all become the same.
    fn credits(&self, executed: &ExecutedBlock, position: usize, count: u32, table: &mut Table) {
        if count < 2 {
            return;
        }
        for outcome in executed.outcomes(position) {
            let what = format!(
                "  {} to {}",
                self.context.assets.show(outcome.amount, outcome.asset),
                self.account(&outcome.creditor)
            );
            let why = outcome.reason.map_or_else(String::new, |reason| format!("{} {reason}", reason.iso()));
            table.add_row(["".to_owned(), what, outcome.status.iso().to_owned(), why]);
        }
    }

    fn block_as_json(
        &self,
        executed: &ExecutedBlock,
        lines: &[usize],
        wires: &[String],
        left_out: &[(AuthenticInstruction, VoidReason)],
        line: impl Fn(&AuthenticInstruction) -> usize,
    ) {
        let context = executed.context();
        let acts = executed.receipts().len() - lines.len();
        for (position, receipt) in executed.receipts().iter().enumerate() {
            let number = position.checked_sub(acts).and_then(|place| lines.get(place));
            let wire = position.checked_sub(acts).and_then(|place| wires.get(place));
            let credits = executed.outcomes(position);
            let events: Vec<_> = executed.events(position).collect();
            say!(
                "{}",
                json!({
                    "height": context.height, "line": number, "receipt": receipt, "credits": credits,
                    "events": events, "wire": wire,
                })
            );
        }
        for (instruction, reason) in left_out {
            let (iso, code, retry) = reason.row();
            let told =
                json!({"reason": reason, "iso": iso, "code": code, "retry": retry, "text": reason.to_string()});
            say!("{}", json!({"height": context.height, "line": line(instruction), "leftOut": told}));
        }
        let block = json!({
            "height": context.height, "time": context.time,
            "stateRoot": executed.state_root(), "receiptsRoot": executed.receipts_root(),
        });
        say!("{}", json!({ "block": block }));
    }

    fn act(&self, act: &BlockAct) -> String {
        let show = |amount: &Amount, asset: &AssetId| self.context.assets.show(*amount, *asset);
        match act {
            BlockAct::HoldExpired { payer, asset, amount, .. } => {
                format!("hold over: {} back to {}", show(amount, asset), self.account(payer))
            }
            BlockAct::PaymentLapsed { debtor, asset, amount, reason, .. } => {
                format!("not accepted ({}): {} back to {}", reason.iso(), show(amount, asset), self.account(debtor))
            }
            BlockAct::KeysChanged { account } => format!("keys changed: {}", self.account(account)),
            BlockAct::DeadlinePassed { instance, .. } => format!("deadline of contract {instance}"),
        }
    }

    fn what(&self, body: &Body) -> String {
        match body {
            Body::Single(leg) => self.leg(leg),
            Body::Bundle(legs) => {
                format!(
                    "bundle of {}: {}",
                    legs.len(),
                    legs.iter().map(|leg| self.leg(leg)).collect::<Vec<_>>().join("; ")
                )
            }
            Body::Admin(admin) => admin_name(admin).to_owned(),
        }
    }

    fn leg(&self, leg: &Leg) -> String {
        let show = |amount: Amount, asset: AssetId| self.context.assets.show(amount, asset);
        match leg {
            Leg::CreditTransfer(transfer) => match &transfer.credits[..] {
                [only] => format!(
                    "{} from {} to {}",
                    show(only.amount, transfer.asset),
                    self.account(&transfer.debtor),
                    self.account(&only.creditor)
                ),
                many => format!("{} credits from {}", many.len(), self.account(&transfer.debtor)),
            },
            Leg::Reserve(reserve) => format!(
                "reserve {} of {} for {}",
                show(reserve.amount, reserve.asset),
                self.account(&reserve.payer),
                self.account(&reserve.payee)
            ),
            Leg::Post(post) => format!("post hold {}", post.hold),
            Leg::Release(release) => format!("release hold {}", release.hold),
            Leg::Issue(issue) => {
                format!("issue {} to {}", show(issue.amount, issue.asset), self.account(&issue.account))
            }
            Leg::RedeemRequest(request) => {
                format!("redeem {} of {}", show(request.amount, request.asset), self.account(&request.account))
            }
            Leg::RedeemConfirm(confirm) => format!("confirm redemption {}", confirm.hold),
            Leg::Return(payback) => {
                format!("return of {}, {}", payback.payment.uetr, payback.reason)
            }
            Leg::RecallRequest(request) => {
                format!("recall of {}, {}", request.payment.uetr, request.reason)
            }
            Leg::RecallAnswer(answer) => format!("answer to the recall of {}", answer.payment.uetr),
            Leg::Accept(accept) => format!("accept {}", accept.payment.uetr),
            Leg::Refuse(refuse) => format!("refuse {}, {}", refuse.payment.uetr, refuse.reason),
            Leg::Confirm(confirm) => format!("confirm {}", confirm.payment.uetr),
            Leg::RegisterCode(register) => format!("register code {}", register.code.hash()),
            Leg::OpenContract(open) => format!("open a contract of code {}", open.terms.code),
            Leg::CallContract(call) => format!("clause {} of contract {}", call.clause, call.target.id()),
            Leg::ApproveCall(approve) => {
                format!("approve clause {} of contract {}", approve.clause, approve.instance)
            }
            Leg::WithdrawOffer(withdraw) => format!("take back offer {}", withdraw.offer.id()),
            Leg::SetAllowance(set) => {
                let grantor = self.account(&set.allowance.grantor);
                match set.terms {
                    Some(terms) => format!("{grantor} allows {}", show(terms.total_max, set.allowance.asset)),
                    None => format!("{grantor} revokes an allowance"),
                }
            }
            Leg::ReleaseSuspense(release) => {
                format!("{} out of suspense to {}", show(release.amount, release.asset), self.account(&release.to))
            }
        }
    }

    /// Prints what everybody holds; answers whether each asset adds up to what was issued and not redeemed.
    pub fn trial_balance(&self, state: &MemoryState) -> bool {
        let mut balances: BTreeMap<AssetId, Vec<(AccountId, Balance)>> = BTreeMap::new();
        for ((account, asset), balance) in Balance::table(state.tables()).sorted() {
            balances.entry(*asset).or_default().push((*account, *balance));
        }
        let mut conserved = true;
        for (asset, totals) in Totals::table(state.tables()).sorted() {
            let rows = balances.remove(asset).unwrap_or_default();
            conserved &= if self.json {
                self.asset_as_json(*asset, totals, &rows)
            } else {
                self.asset_as_table(*asset, totals, &rows)
            };
        }
        // Money in an asset without totals would be money from nowhere.
        conserved && balances.is_empty()
    }

    fn asset_as_table(&self, asset: AssetId, totals: &Totals, rows: &[(AccountId, Balance)]) -> bool {
        say!("\ntrial balance of {}", self.context.assets.name(asset));
        let mut table = table(["account", "available", "held", "in contracts", "suspense"]);
        for column in table.column_iter_mut().skip(1) {
            column.set_cell_alignment(CellAlignment::Right);
        }
        let mut rows: Vec<_> = rows.iter().map(|(id, balance)| (self.account(id), balance)).collect();
        rows.sort_by(|a, b| a.0.cmp(&b.0));
        let mut sums = [0u128; 4];
        for (account, balance) in rows {
            let parts = Field::ALL.map(|field| balance.get(field));
            for (sum, part) in sums.iter_mut().zip(parts) {
                *sum += u128::from(part.minor_units());
            }
            table.add_row(
                std::iter::once(account).chain(parts.map(|part| self.plain(part.minor_units().into(), asset))),
            );
        }
        table.add_row(std::iter::once("sum".to_owned()).chain(sums.map(|sum| self.plain(sum, asset))));
        say!("{table}");
        let conserved = sums.iter().sum::<u128>() == totals.issued.saturating_sub(totals.redeemed);
        say!(
            "issued {} less redeemed {} {} the sum of all accounts",
            self.plain(totals.issued, asset),
            self.plain(totals.redeemed, asset),
            if conserved { "is" } else { "IS NOT" }
        );
        conserved
    }

    fn asset_as_json(&self, asset: AssetId, totals: &Totals, rows: &[(AccountId, Balance)]) -> bool {
        let sum: u128 =
            rows.iter().flat_map(|(_, b)| Field::ALL.map(|field| u128::from(b.get(field).minor_units()))).sum();
        let conserved = sum == totals.issued.saturating_sub(totals.redeemed);
        let accounts: Vec<_> = rows
            .iter()
            .map(|(id, balance)| json!({"account": id, "label": self.labels.get(id), "balance": balance}))
            .collect();
        let told = json!({
            "asset": self.context.assets.name(asset), "accounts": accounts, "conserved": conserved,
            "issued": totals.issued.to_string(), "redeemed": totals.redeemed.to_string(), "sum": sum.to_string(),
        });
        say!("{}", json!({ "trialBalance": told }));
        conserved
    }

    /// Minor units in the asset's decimals. Sums may be wider than an amount.
    fn plain(&self, minor_units: u128, asset: AssetId) -> String {
        let places = self.context.assets.get(asset).map_or(0, |asset| usize::from(asset.exponent.places()));
        let digits = format!("{minor_units:0width$}", width = places + 1);
        let (whole, decimals) = digits.split_at(digits.len() - places);
        if places == 0 { whole.to_owned() } else { format!("{whole}.{decimals}") }
    }
}

fn placed(reason: Option<PlacedReason>) -> String {
    let Some(PlacedReason { leg, credit, reason }) = reason else {
        return String::new();
    };
    let place = match credit {
        Some(credit) => format!(" (leg {leg}, credit {credit})"),
        None if leg > 0 => format!(" (leg {leg})"),
        None => String::new(),
    };
    format!("{} {reason}{place}", reason.iso())
}

fn admin_name(admin: &Admin) -> &'static str {
    match admin {
        Admin::OpenAccount(_) => "open account",
        Admin::CloseAccount(_) => "close account",
        Admin::SetTier(_) => "set tier",
        Admin::Freeze(_) => "freeze",
        Admin::Unfreeze(_) => "unfreeze",
        Admin::ChangeKeys(_) => "change keys",
        Admin::VetoKeys(_) => "veto change of keys",
        Admin::SetParticipant(_) => "set participant",
        Admin::SetAsset(_) => "set asset",
        Admin::SetCalendar(_) => "set calendar",
        Admin::SetTierLimits(_) => "set limits",
        Admin::SetThreshold(_) => "set threshold",
        Admin::SetValidators(_) => "set validators",
        Admin::SetAuthority(_) => "set authority",
        Admin::ScheduleUpgrade(_) => "schedule upgrade",
    }
}
