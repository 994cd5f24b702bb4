//! What a trace means: each rule with the log that shows it.
//!
//! Where SimKube's own tracer is wrong on purpose of nobody, the test fails with its behaviour.

mod support;

use support::*;

#[test]
fn an_update_without_a_change_of_content_is_no_event() {
    let web = deployment("shop/web", 10, 1);
    let log = Log::new()
        .event(10, "ADDED", &web)
        .event(20, "MODIFIED", &with(web.clone(), "/status", serde_json::json!({"replicas": 1})))
        .event(30, "MODIFIED", &deployment("shop/web", 10, 2));
    assert_eq!(
        export(&log.text(), &["--from", "5", "--to", "40"]),
        "\
5 |
10 |
10 +Deployment shop/web 1
30 |
30 +Deployment shop/web 2
40 |
"
    );
}
