//! What runs pods and comes to an end.

use super::container::containers;
use super::selector::selector;
use super::view::{NONE, UNSET, View, moment};
use super::{Sheet, age, column, wide};

pub(super) fn sheet(kind: &str) -> Option<Sheet> {
    match kind {
        "Job" => Some(JOB),
        "CronJob" => Some(CRON_JOB),
        _ => None,
    }
}

const JOB: Sheet = Sheet::of(
    &[
        column("STATUS"),
        column("COMPLETIONS"),
        column("DURATION"),
        column("AGE"),
        wide("CONTAINERS"),
        wide("IMAGES"),
        wide("SELECTOR"),
    ],
    |view| {
        let [names, images] = containers(view, "/spec/template/spec");
        let selector = selector(view.at("/spec/selector"));
        vec![status(view).to_owned(), completions(view), duration(view), view.age(), names, images, selector]
    },
);

fn status(view: &View<'_>) -> &'static str {
    let conditions = ["Complete", "Failed", "Suspended", "FailureTarget", "SuccessCriteriaMet"];
    let held = |of: &&str| view.has_condition(of);
    let over = conditions[..2].iter().copied().find(held);
    let leaving = view.is_leaving().then_some("Terminating");
    over.or(leaving).or(conditions[2..].iter().copied().find(held)).unwrap_or("Running")
}

fn completions(view: &View<'_>) -> String {
    let succeeded = view.number("/status/succeeded");
    match (view.at("/spec/completions").as_i64(), view.number("/spec/parallelism")) {
        (Some(wanted), _) => format!("{succeeded}/{wanted}"),
        (None, parallel @ 2..) => format!("{succeeded}/1 of {parallel}"),
        _ => format!("{succeeded}/1"),
    }
}

fn duration(view: &View<'_>) -> String {
    let [start, end] = ["/status/startTime", "/status/completionTime"].map(|place| moment(view.text(place)));
    match (start, end) {
        (None, _) => String::new(),
        (Some(start), None) => view.ago(start),
        (Some(start), Some(end)) => age(end.micros().saturating_sub(start.micros()) / 1_000_000),
    }
}

const CRON_JOB: Sheet = Sheet::of(
    &[
        column("SCHEDULE"),
        column("TIMEZONE"),
        column("SUSPEND"),
        column("ACTIVE"),
        column("LAST SCHEDULE"),
        column("AGE"),
        wide("CONTAINERS"),
        wide("IMAGES"),
        wide("SELECTOR"),
    ],
    |view| {
        let suspend = match view.at("/spec/suspend").as_bool() {
            Some(true) => "True",
            Some(false) => "False",
            None => UNSET,
        };
        let [names, images] = containers(view, "/spec/jobTemplate/spec/template/spec");
        vec![
            view.text("/spec/schedule").to_owned(),
            view.text_or("/spec/timeZone", NONE),
            suspend.to_owned(),
            view.list("/status/active").len().to_string(),
            view.since("/status/lastScheduleTime", NONE),
            view.age(),
            names,
            images,
            selector(view.at("/spec/jobTemplate/spec/selector")),
        ]
    },
);

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::model::Timestamp;

    fn shown(sheet: Sheet, body: &Value) -> String {
        sheet.cells(&View::new(body, Timestamp::from_seconds(600), None), false).join("|")
    }

    #[test]
    fn jobs_tell_how_far_they_are() {
        let condition = |of: &str| json!([{"type": of, "status": "True"}]);
        for (spec, status, expected) in [
            (json!({"completions": 3}), json!({}), "Running|0/3||<unknown>"),
            (
                json!({"parallelism": 4}),
                json!({"succeeded": 1, "startTime": "1970-01-01T00:05:00Z"}),
                "Running|1/1 of 4|5m|<unknown>",
            ),
            (
                json!({"parallelism": 1}),
                json!({"succeeded": 1, "startTime": "1970-01-01T00:05:00Z", "completionTime": "1970-01-01T00:05:09Z",
                       "conditions": condition("Complete")}),
                "Complete|1/1|9s|<unknown>",
            ),
            (json!({}), json!({"conditions": condition("Suspended")}), "Suspended|0/1||<unknown>"),
        ] {
            assert_eq!(shown(JOB, &json!({"spec": spec, "status": status})), expected);
        }
    }

    #[test]
    fn cron_jobs_tell_when_they_ran_last() {
        let body = json!({
            "spec": {"schedule": "@hourly", "suspend": false},
            "status": {"active": [{}], "lastScheduleTime": "1970-01-01T00:09:30Z"},
        });
        assert_eq!(shown(CRON_JOB, &body), "@hourly|<none>|False|1|30s|<unknown>");
    }
}
