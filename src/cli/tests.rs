use super::*;
use crate::dependencies::Deps;
use crate::trace::{Format, Sanitize};

fn export(args: &[&str]) -> Result<ExportOptions, String> {
    match parse(["tracer", "export"].iter().chain(args)) {
        Ok(Invocation::Export(options)) => Ok(*options),
        Ok(other) => Err(format!("{other:?}")),
        Err(error) => Err(error.to_string()),
    }
}

#[test]
fn the_definition_is_consistent() {
    Cli::command().debug_assert();
}

#[test]
fn the_defaults_are_those_of_the_help() {
    let options = export(&[]).unwrap();
    assert_eq!(options.common.max_record, 64 << 20);
    assert_eq!(options.common.inputs(false), Ok(vec!["-".into()]));
    assert!(options.common.inputs(true).is_err());
    assert!(options.common.threads.is_none() && options.common.thread_count().get() > 0);
    assert_eq!((options.format, options.sanitize, options.infer_owners), (Format::Simkube, Sanitize::Replay, true));
    assert!(options.filters.is_empty() && options.output.is_none());
    assert_eq!(options.window, WindowArgs::default());
    assert_eq!(options.format, Format::Simkube);
}

#[test]
fn every_option_arrives() {
    let options = export(&[
        "--from",
        "-30m",
        "--to",
        "2026-03-01",
        "-o",
        "x",
        "-n",
        "a,b-*",
        "--ns=c",
        "--exclude-ns",
        "d",
        "-l",
        "a in (x,y),b",
        "-l",
        "c",
        "--exclude-selector",
        "!d",
        "-k",
        "deploy,sts",
        "--exclude-kind",
        "pods",
        "--name",
        "web,deploy/db-*",
        "-f",
        "jsonl",
        "--deps",
        "strip",
        "--sanitize",
        "simkube",
        "--no-infer",
        "-c",
        "t.yaml",
        "--baseline",
        "b",
        "--report",
        "r",
        "--strict",
        "--skip-invalid",
        "--time-field",
        "when",
        "--max-record",
        "512K",
        "-j",
        "3",
        "-v",
        "--color",
        "never",
        "watch/",
        "-",
    ])
    .unwrap();
    let ExportOptions { common, window, filters, output, format, sanitize, deps, infer_owners } = options;
    assert_eq!(window.from, Some(TimeArg::Before(1_800_000_000)));
    assert!(matches!(window.to, Some(TimeArg::At(_))));
    assert_eq!(output, Some("x".into()));
    assert_eq!((format, sanitize, deps, infer_owners), (Format::Jsonl, Sanitize::Simkube, Deps::Strip, false));
    assert_eq!((filters.namespaces.len(), filters.exclude_namespaces.len()), (3, 1));
    assert_eq!((filters.selectors.len(), filters.exclude_selectors.len()), (2, 1));
    assert_eq!((filters.kinds.len(), filters.exclude_kinds.len(), filters.names.len()), (2, 1, 2));
    assert_eq!(common.inputs(true), Ok(vec!["watch/".into(), "-".into()]));
    assert_eq!(
        (common.config, common.baseline, common.report),
        (Some("t.yaml".into()), Some("b".into()), Some("r".into()))
    );
    assert!(common.strict && common.skip_invalid);
    assert_eq!((common.time_field.as_deref(), common.max_record), (Some("when"), 512 << 10));
    assert_eq!(common.threads.map(|n| n.get()), Some(3));
    assert_eq!((common.verbosity, common.color), (crate::output::Verbosity::Verbose, Color::Never));
}

#[test]
fn a_dash_is_stdin_and_stdout() {
    let options = export(&["-", "-o", "-"]).unwrap();
    assert_eq!(options.common.inputs(true), Ok(vec!["-".into()]));
    assert_eq!(options.output, None);
}

#[test]
fn mistakes_are_named_with_their_option() {
    for (args, parts) in [
        (&["--from", "soon"][..], &["'soon' for '--from <T>'", "not a time; write 2026-03-01T10:00:00Z"][..]),
        (&["--from", "+1h"], &["--from <T>", "only --to counts from --from"]),
        (&["--to", "-1h"], &["--to <T>", "only --from counts back"]),
        (&["--from", "9999999-01-01"], &["--from <T>"]),
        (
            &["--from", "20", "--to", "10"],
            &["the window is empty: it would begin at 1970-01-01T00:00:20Z", "tracer export"],
        ),
        (&["--from", "-1h", "--to", "+1h"], &["--from and --to are both relative"]),
        (&["-l", "a in"], &["--selector <SELECTOR>", "at character 5: the selector ends, expected `(`"]),
        (&["-l", ""], &["--selector", "an empty selector selects everything"]),
        (&["--exclude-selector=-a"], &["--exclude-selector <SELECTOR>", "must begin and end"]),
        (&["-n", "a,,b"], &["--ns <NS>", "empty: write a name"]),
        (&["-n", "a["], &["--ns <NS>", "has a `[` without a `]`"]),
        (&["-k", "pods/log"], &["--kind <KIND>", "is not a kind; write deployment"]),
        (&["--name", "deploy/"], &["--name <[KIND/]NAME>", "the name is empty"]),
        (&["--max-record", "64MB"], &["--max-record <SIZE>", "not a size; write bytes"]),
        (&["--max-record", "0"], &["--max-record <SIZE>", "at least 1"]),
        (&["-j", "0"], &["--threads <N>", "0 is not in 1..=1024"]),
        (&["-q", "-v"], &["--quiet", "--verbose"]),
        (&["--time-field", ""], &["--time-field <NAME>", "empty"]),
        (&["-", "-"], &["`-` is given twice"]),
        (&["-o", "x", "--report", "./x"], &["--output and --report name the same file"]),
        (&["-f", "xml"], &["--format <FORMAT>", "simkube, json, yaml, jsonl"]),
        (&["-o", ""], &["--output <FILE>"]),
        (&["--deps", "drop"], &["--deps <HOW>", "keep, include, strip"]),
    ] {
        let error = export(args).unwrap_err();
        assert!(parts.iter().all(|part| error.contains(part)), "{args:?}: {error}");
        assert!(error.contains("--help"), "{error}");
    }
}

#[test]
fn the_help_fits_its_width() {
    let mut root = definition();
    let mut texts = vec![root.render_long_help().to_string(), root.render_help().to_string()];
    for command in root.get_subcommands_mut() {
        texts.extend([command.render_long_help().to_string(), command.render_help().to_string()]);
    }
    for line in texts.iter().flat_map(|text| text.lines()) {
        assert!(line.chars().count() <= 100, "{line}");
    }
}
