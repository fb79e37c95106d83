//! What Prometheus reads at `/metrics`. All names stand here.

use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;
use seaway_rpc::{NodeStatus, PeerStatus};
use seaway_webhooks::Status as WebhookStatus;

/// The metrics in Prometheus' text form.
pub fn text(
    status: &NodeStatus,
    peers: &[PeerStatus],
    (waiting, left_out): (usize, u64),
    webhooks: &[(String, WebhookStatus)],
) -> String {
    let mut registry = Registry::with_prefix("seaway");
    of_webhooks(&mut registry, webhooks);
    let mut gauge = |name: &str, help: &str, value: u64| {
        let gauge = Gauge::<i64>::default();
        gauge.set(i64::try_from(value).unwrap_or(i64::MAX));
        registry.register(name, help, gauge);
    };
    gauge("height", "Height of the newest final block", status.height.0);
    gauge("block_time_ms", "Time of the newest final block in milliseconds since 1970", status.time.ms());
    gauge("waiting_instructions", "Instructions that wait for a block", status.waiting as u64);
    gauge("executed_instructions", "Instructions executed since the node started", status.executed);
    gauge("peers", "Nodes connected", peers.len() as u64);
    gauge(
        "dropped_messages",
        "Messages to connected peers dropped because they were too slow",
        peers.iter().map(|peer| peer.dropped).sum(),
    );
    gauge("party_data_waiting", "Party data of payments that waits to be handed to another node", waiting as u64);
    gauge("party_data_left_out", "Recipients left out because too much party data waited for them", left_out);
    gauge("log_lines_left_out", "Warnings not logged because their place had said too many", crate::log::left_out());
    gauge("validator", "1 when the node votes, 0 when it only follows", u64::from(status.validator.is_some()));
    gauge("halted", "1 when the node has stopped on a broken invariant", u64::from(status.halted.is_some()));
    let mut text = String::new();
    // Writing to a text cannot fail.
    let _written = encode(&mut text, &registry);
    text
}

fn of_webhooks(registry: &mut Registry, webhooks: &[(String, WebhookStatus)]) {
    type OfWebhook = Family<[(&'static str, String); 1], Gauge>;
    let (delivered, failures, dead) = (OfWebhook::default(), OfWebhook::default(), OfWebhook::default());
    for (name, status) in webhooks {
        let label = [("webhook", name.clone())];
        let set = |family: &OfWebhook, value: u64| {
            family.get_or_create(&label).set(i64::try_from(value).unwrap_or(i64::MAX));
        };
        set(&delivered, status.delivered);
        set(&failures, status.failures);
        set(&dead, status.dead_letters);
    }
    registry.register("webhook_delivered", "Number of the last event that an endpoint has taken", delivered);
    registry.register("webhook_failures", "Attempts to deliver that failed since the last that did not", failures);
    registry.register("webhook_dead_letters", "Events that an endpoint refused for good", dead);
}
