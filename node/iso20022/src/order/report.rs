//! pacs.002: the answer between agents.

use super::{Answer, CreditResult, Outcome};
use crate::message::{
    Agent, CodeOrText, Document, Header, LongText, Message, Moment, OriginalGroup, Status, StatusGroup, StatusReason,
    StatusReport, StatusTransaction,
};
use seaway_types::Uetr;
use seaway_types::bic::Bic;
use seaway_types::codec;
use seaway_types::hash::Domain;
use seaway_types::text::Text35;
use seaway_types::time::BlockTime;

/// The payment that is answered for, as its message names it.
pub(super) struct Asked<'a> {
    /// The message's header.
    pub header: Option<&'a Header>,
    /// Its identifier.
    pub definition: &'static str,
    /// Its id.
    pub id: Text35,
    /// When it was made, where that is known.
    pub created: Option<Moment>,
    /// Who sent it.
    pub sender: Option<Bic>,
    /// Who was to receive it.
    pub receiver: Option<Bic>,
    /// The payment's ids.
    pub instruction: Option<Text35>,
    pub end_to_end: Option<Text35>,
    pub transaction: Option<Text35>,
    pub uetr: Option<Uetr>,
}

impl Asked<'_> {
    /// The payment's status, and why.
    fn became(&self, outcome: &Outcome) -> (Status, Option<(String, String)>) {
        match self.uetr.map(|uetr| outcome.of(uetr)) {
            Some(CreditResult { status, reason, .. }) => (status, reason),
            None => (outcome.status, outcome.reason.clone()),
        }
    }
}

/// The status report of a payment.
pub(super) fn report(asked: &Asked<'_>, outcome: &Outcome) -> Answer {
    let (status, reason) = asked.became(outcome);
    // The same order with the same outcome is answered by the same message, whoever writes it.
    let names = (asked.sender, asked.id, status.code(), outcome.time, &reason, outcome.reference);
    report_under(answer_id(&codec::encode(&names), asked.id), asked, outcome)
}

/// The status report of a payment, under an id.
pub(super) fn report_under(id: Text35, asked: &Asked<'_>, outcome: &Outcome) -> Answer {
    let (status, reason) = asked.became(outcome);
    let credited = matches!(status, Status::Settled | Status::Credited);
    let document = StatusReport {
        group: StatusGroup { id, created: Moment(outcome.time) },
        transaction: StatusTransaction {
            original: LongText::cut(asked.definition).map(|definition| OriginalGroup {
                id: asked.id,
                definition,
                created: asked.created,
            }),
            instruction: asked.instruction,
            end_to_end: asked.end_to_end,
            transaction: asked.transaction,
            uetr: asked.uetr,
            status,
            reasons: reason.as_ref().and_then(status_reason).into_iter().collect(),
            accepted: credited.then_some(Moment(outcome.time)),
            reference: outcome.reference,
            instructing: asked.receiver.map(Agent::of),
            instructed: asked.sender.map(Agent::of),
        },
    };
    let header = answer_header(asked.header, id, StatusReport::DEFINITION, outcome.time);
    Answer::of(&Message { header, document })
}

/// The id of an answer: of what it says.
pub(super) fn answer_id(says: &[u8], otherwise: Text35) -> Text35 {
    let id = Domain::IsoMessage.hash(says).to_string();
    id.get(..32).and_then(|id| id.parse().ok()).unwrap_or(otherwise)
}

/// A reason with its text, cut to what a message carries.
pub(super) fn status_reason((code, text): &(String, String)) -> Option<StatusReason> {
    let reason = Some(CodeOrText::Code(LongText::cut(code)?));
    Some(StatusReason { originator: None, reason, information: free_text(text) })
}

/// A text in the lines and characters that CBPR+ lets stand in messages, two lines at most.
pub(super) fn free_text(text: &str) -> Vec<LongText<105>> {
    let legal = |one: char| match one {
        // Places are counted in brackets.
        '[' => b'(',
        ']' => b')',
        _ => u8::try_from(one)
            .ok()
            .filter(|one| one.is_ascii_alphanumeric() || b"/-?:().,'+ ".contains(one))
            .unwrap_or(b'.'),
    };
    let text: Vec<u8> = text.chars().map(legal).collect();
    text.chunks(105).take(2).filter_map(|part| LongText::cut(&String::from_utf8_lossy(part))).collect()
}

/// The header of an answer: it goes back where the request came from; none when the request had none.
pub(super) fn answer_header(
    asked: Option<&Header>,
    id: Text35,
    definition: &'static str,
    time: BlockTime,
) -> Option<Header> {
    let (asked, definition) = asked.zip(LongText::cut(definition))?;
    Some(Header {
        from: asked.to.clone(),
        to: asked.from.clone(),
        id,
        definition,
        service: asked.service.as_ref().and_then(plain_service),
        created: Moment(time),
        possible_duplicate: None,
        priority: None,
    })
}

/// The service of an answer: a profile of payments (`swift.cbprplus.stp.04`) is none of their reports (`swift.cbprplus.04`).
fn plain_service(asked: &LongText<35>) -> Option<LongText<35>> {
    let parts = asked.as_str().split('.').filter(|part| !["stp", "cov", "adv"].contains(part));
    LongText::cut(&parts.collect::<Vec<_>>().join("."))
}
