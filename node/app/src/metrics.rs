//! What Prometheus reads at `/metrics`. All names stand here.

use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;
use seaway_rpc::{NodeStatus, PeerStatus};

/// The metrics in Prometheus' text form.
pub fn text(status: &NodeStatus, peers: &[PeerStatus]) -> String {
    let mut registry = Registry::with_prefix("seaway");
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
    gauge("log_lines_left_out", "Warnings not logged because their place had said too many", crate::log::left_out());
    gauge("validator", "1 when the node votes, 0 when it only follows", u64::from(status.validator.is_some()));
    gauge("halted", "1 when the node has stopped on a broken invariant", u64::from(status.halted.is_some()));
    let mut text = String::new();
    // Writing to a text cannot fail.
    let _written = encode(&mut text, &registry);
    text
}
