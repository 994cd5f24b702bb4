//! Every flag of every other command than `export` does what its help says: a case for each, and none without.

// clippy sees tests only in `#[test]` functions, and not what they call.
#![allow(clippy::unwrap_used)]

mod shell;

use std::collections::BTreeSet;

/// What the conditions below are written in. `says` is all that a command prints, but for the command that `inspect` proposes.
const WORDS: &str = r#"
says() { eval "tracer $1" 2>&1 | grep -v 'tracer export'; }
shows() { eval "tracer $1" 2>/dev/null | grep -v 'tracer export'; }
same() { cmp <(shows "$1") <(shows "$2") && test -n "$(shows "$1")"; }
differ() { works "$1" && works "$2" && ! cmp -s <(shows "$1") <(shows "$2"); }
cut_off() { { cat late.jsonl; printf '{'; } > cut.jsonl; }
code() { eval "tracer $2" >/dev/null 2>&1; test $? -eq "$1"; }
fails() { eval "tracer $1" >/dev/null 2>err; test $? -ne 0 && grep -q ^error: err; }
works() { eval "tracer $1" >/dev/null 2>err; ! grep -q ^error: err; }
has() { says "$1" | grep -q -- "$2"; }
lacks() { ! has "$@"; }
"#;

/// Flags, and a condition for bash that shows what they do; `@` stands for the command.
type Case = (&'static str, &'static str);

/// What all commands take that read logs.
const COMMON: &[Case] = &[
    ("-h --help", r#"has '@ -h' 'Usage: tracer' && has '@ --help' 'Examples:' && lacks '@ -h' 'Examples:'"#),
    ("-n --ns", r#"same '@ watch -n shop' '@ watch --ns shop' && differ '@ watch' '@ watch -n shop'"#),
    ("--exclude-ns", r#"differ '@ watch' '@ watch --exclude-ns shop'"#),
    (
        "-l --selector",
        r#"same '@ watch -l app=web' '@ watch --selector app=web' && differ '@ watch' '@ watch -l app=web'"#,
    ),
    ("--exclude-selector", r#"differ '@ watch' '@ watch --exclude-selector app=web'"#),
    ("-k --kind", r#"same '@ watch -k job' '@ watch --kind job' && differ '@ watch' '@ watch -k job'"#),
    ("--exclude-kind", r#"differ '@ watch' '@ watch --exclude-kind job,cronjob'"#),
    ("--name", r#"differ '@ watch' '@ watch --name web'"#),
    ("--baseline", r#"differ '@ late.jsonl' '@ late.jsonl --baseline baseline.json'"#),
    (
        "--baseline-at",
        r#"l='@ late.jsonl --baseline baseline.json --report r'; works "$l" &&
           test "$(says "$l"; cat r)" != "$(says "$l --baseline-at 2026-11-23T15:26:36Z"; cat r)""#,
    ),
    (
        "--time-field",
        r#"sed 's/"ts":/"received":/' watch/*.jsonl > other.jsonl
           l='@ other.jsonl'; works "$l" && test "$(says "$l")" != "$(says "$l --time-field received")""#,
    ),
    ("--max-record", r#"fails '@ watch --max-record 2K' && works '@ watch --max-record 1M'"#),
    (
        "--skip-invalid",
        r#"{ echo nonsense; cat watch/*; } > bad.jsonl; fails '@ bad.jsonl' && works '@ bad.jsonl --skip-invalid'"#,
    ),
    ("-j --threads", r#"same '@ watch' '@ watch -j 1' && same '@ watch' '@ watch --threads 7'"#),
    ("--strict", r#"cut_off; code 3 '@ cut.jsonl --strict' && works '@ watch --strict'"#),
    ("--report", r#"works '@ watch --report report.json' && grep -q '"version": 1' report.json"#),
    (
        "-q --quiet",
        r#"cut_off; for q in -q --quiet; do test -z "$(eval "tracer @ cut.jsonl $q" 2>&1 >/dev/null)" || exit 1; done"#,
    ),
    (
        "-v --verbose",
        r#"cut_off; test "$(says '@ cut.jsonl -v' | wc -l)" -gt "$(says '@ cut.jsonl' | wc -l)" &&
           same '@ cut.jsonl -v' '@ cut.jsonl --verbose'"#,
    ),
    (
        "--color",
        r#"cut_off; has '@ cut.jsonl --color always' $'\e\\[' && lacks '@ cut.jsonl --color never' $'\e\\[' &&
           lacks '@ cut.jsonl --color auto' $'\e\\['"#,
    ),
];

/// The window of `inspect` and `events`.
const WINDOW: &[Case] = &[
    ("--from", r#"differ '@ watch' '@ watch --from "2026-11-23 15:26:40"'"#),
    ("--to", r#"differ '@ watch' '@ watch --to "2026-11-23 15:26:40"'"#),
];

/// A log without the ReplicaSets between Deployments and pods.
const NO_INFER: Case =
    ("--no-infer", r#"l='watch/deployments.jsonl watch/pods.jsonl'; differ "@ $l" "@ $l --no-infer""#);

const OUTPUT_FILE: Case = (
    "-o --output",
    r#"tracer @ watch -q -o a && tracer @ watch -q --output b && tracer @ watch -q | cmp a && cmp a b"#,
);

fn holds(command: &str, (flags, condition): &Case) {
    let dir = shell::incident();
    let script = format!("{WORDS}\n{}", condition.replace('@', command));
    let ended = shell::run(&script, dir.path());
    assert_eq!(ended.code, 0, "{command} {flags}: {condition}\n{ended:#?}");
}

/// What the definition of a command has.
fn flags(command: &str) -> BTreeSet<String> {
    let root = tracer::cli::definition();
    let command = root.find_subcommand(command).unwrap();
    let long = command.get_opts().chain(command.get_arguments().filter(|arg| !arg.is_positional()));
    long.filter(|arg| !arg.is_hide_set())
        .flat_map(|arg| [arg.get_short().map(|c| format!("-{c}")), arg.get_long().map(|word| format!("--{word}"))])
        .flatten()
        .collect()
}

/// Every flag has a case, and every case holds. `called`: the command with what it needs before the input.
fn check(called: &str, cases: &[&[Case]]) {
    let name = called.split(' ').next().unwrap();
    let cases: Vec<&Case> = cases.iter().copied().flatten().collect();
    let shown: BTreeSet<String> = cases.iter().flat_map(|(flags, _)| flags.split(' ')).map(str::to_owned).collect();
    assert_eq!(shown, flags(name), "{name}");
    cases.into_iter().for_each(|case| holds(called, case));
}

/// Only a request tells of a custom resource: its kind is known from the config.
const OF_CUSTOM: &str = r#"
t=2026-11-23T15:26:00Z
echo '{"kind":"Event","apiVersion":"audit.k8s.io/v1","level":"Metadata","auditID":"1","stage":"ResponseComplete","verb":"create",
"user":{"username":"dana"},"objectRef":{"resource":"rollouts","namespace":"shop","name":"web","apiGroup":"example.dev",
"apiVersion":"v1"},"requestURI":"/apis/example.dev/v1/namespaces/shop/rollouts","responseStatus":{"code":201},
"requestReceivedTimestamp":"'$t'","stageTimestamp":"'$t'"}' | tr -d '\n' > custom.log
printf 'trackedObjects:\n  example.dev/v1.Rollout: {podSpecTemplatePaths: [/spec/template]}\n' > other.yaml
fails 'get rollout custom.log' && has 'get rollout custom.log -c other.yaml' web &&
same 'get rollout custom.log -c other.yaml' 'get rollout custom.log --config other.yaml'
"#;

#[test]
fn of_get() {
    check(
        "get all",
        &[
            COMMON,
            &[
                ("--at", r#"differ '@ watch' '@ watch --at "2026-11-23 15:26:40"'"#),
                ("--history", r#"has '@ watch --history' ' created' && lacks '@ watch' ' created'"#),
                (
                    "-o --output",
                    r#"has '@ watch -o yaml' '^kind: List' && has '@ watch --output json' '"kind": "List"' &&
                       has '@ watch -o name' deployment.apps/web && differ '@ watch -o wide' '@ watch -o table'"#,
                ),
                (
                    "-A --all-namespaces",
                    r#"same '@ watch -A' '@ watch' && same '@ watch --all-namespaces' '@ watch' && fails '@ watch -A -n shop'"#,
                ),
                ("--show-labels", r#"has '@ watch --show-labels' LABELS && lacks '@ watch' LABELS"#),
                ("--sort-by", r#"differ 'get po watch --sort-by age' 'get po watch'"#),
                ("-c --config", OF_CUSTOM),
            ],
        ],
    );
}

#[test]
fn of_diff() {
    check(
        "diff",
        &[
            COMMON,
            &[
                ("--from", r#"differ '@ watch' '@ watch --from "2026-11-23 15:26:40"'"#),
                ("--to", r#"differ '@ watch' '@ watch --to "2026-11-23 15:26:40"'"#),
                ("-o --output", r#"has '@ watch -o json' '"same": false' && same '@ watch' '@ watch --output text'"#),
                (
                    "--tolerance",
                    r#"tracer export -q watch -o a; sed 's/^{"ts":"2026-11-23T15:26:40/{"ts":"2026-11-23T15:26:41/' watch/*.jsonl | tracer export -q -o b; differ '@ a b' '@ a b --tolerance 2'"#,
                ),
                ("--status", r#"l='@ watch --from "2026-11-23 15:25:50" --to +30s'; differ "$l" "$l --status""#),
                (
                    "-c --config",
                    r#"differ '@ watch' '@ watch -c tracer.yaml' && same '@ watch -c tracer.yaml' '@ watch --config tracer.yaml'"#,
                ),
            ],
        ],
    );
}

#[test]
fn of_inspect() {
    check(
        "inspect",
        &[
            COMMON,
            WINDOW,
            &[
                NO_INFER,
                ("-o --output", r#"has '@ watch -o json' '"busiest": ' && same '@ watch' '@ watch --output text'"#),
                (
                    "-c --config",
                    r#"differ '@ watch' '@ watch -c tracer.yaml' && same '@ watch -c tracer.yaml' '@ watch --config tracer.yaml'"#,
                ),
            ],
        ],
    );
}

#[test]
fn of_owners() {
    check(
        "owners",
        &[
            COMMON,
            &[
                NO_INFER,
                ("--at", r#"differ '@ watch' '@ watch --at "2026-11-23 15:26:40"'"#),
                (
                    "-o --output",
                    r#"has '@ watch -o dot' digraph && has '@ watch --output mermaid' '^flowchart' && has '@ watch -o json' '"nodes": '"#,
                ),
                ("--fold", r#"differ '@ watch --fold 1' '@ watch --fold 0'"#),
                (
                    "-c --config",
                    r#"sed s/Deployment/StatefulSet/ tracer.yaml > other.yaml; differ '@ watch/pods.jsonl watch/deployments.jsonl --no-infer' '@ watch/pods.jsonl watch/deployments.jsonl --no-infer -c other.yaml' && same '@ watch -c tracer.yaml' '@ watch --config tracer.yaml'"#,
                ),
            ],
        ],
    );
}

#[test]
fn of_config() {
    let kept = r#"sed s/Deployment/StatefulSet/ tracer.yaml > other.yaml; has '@ watch -c other.yaml' StatefulSet && lacks '@ watch' StatefulSet &&
                  same '@ watch -c other.yaml' '@ watch --config other.yaml'"#;
    check("config", &[COMMON, &[NO_INFER, OUTPUT_FILE, ("-c --config", kept)]]);
}

#[test]
fn of_events() {
    let leases = r#"zcat audit/*/*.gz | grep '"verb":"create"' | grep '"resource":"deployments"' | grep 'ResponseComplete' |
                    sed 's/"resource":"deployments"/"resource":"leases"/; s/"apiGroup":"apps"/"apiGroup":"coordination.k8s.io"/' > leases.log
                    printf 'trackedObjects:\n  coordination.k8s.io/v1.Lease: {podSpecTemplatePaths: [/none]}\n' > other.yaml
                    differ '@ leases.log' '@ leases.log -c other.yaml' &&
                    same '@ leases.log -c other.yaml' '@ leases.log --config other.yaml'
                    "#;
    check("events", &[COMMON, WINDOW, &[OUTPUT_FILE, ("-c --config", leases)]]);
}

#[test]
fn of_validate() {
    let raw = "tracer export -q watch --sanitize simkube -o raw;";
    let case = |flags: &'static str, condition: &str| -> Case {
        (flags, Box::leak(format!("{raw} {condition}").into_boxed_str()))
    };
    check(
        "validate",
        &[&[
            ("-h --help", COMMON[0].1),
            case("--fix", "code 1 '@ raw' && code 0 '@ raw --fix good' && code 0 '@ good'"),
            case("-o --output", r#"has '@ raw -o json' '"code": "T0204"' && same '@ raw' '@ raw --output text'"#),
            case("--max-record", "has '@ raw --max-record 10' T0001 && lacks '@ raw --max-record 1M' T0001"),
            case("-q --quiet", "test -z \"$(says '@ raw -q'; says '@ raw --quiet')\" && code 1 '@ raw -q'"),
            case(
                "-v --verbose",
                "printf 'trackedObjects: {v1.Pod: {}}' > pods.yaml; tracer export -q watch --sanitize simkube -c pods.yaml -o raw; \
                 has '@ raw' ' more: -v shows them' && lacks '@ raw -v' ' more: ' && \
                 same '@ raw -v' '@ raw --verbose'",
            ),
            case("--color", r"has '@ raw --color always' $'\e\\[' && lacks '@ raw --color never' $'\e\\['"),
        ]],
    );
}
