//! What `tracer export` takes, beside what other programs take for less, on the same files in the same run.
//!
//! ```text
//! lab → template → corpus, packed → corpora → programs → measure → targets → report
//! ```

// What it finds out is its output, and how far it is goes to stderr: it is no part of a pipeline.
#![allow(clippy::print_stdout, clippy::print_stderr)]

mod audit;
mod corpora;
mod corpus;
mod lab;
mod loops;
mod measure;
mod objects;
mod options;
mod packed;
mod programs;
mod report;
mod targets;
mod template;
mod watch;

use clap::Parser as _;

use corpora::Corpora;
use options::Options;

fn main() -> anyhow::Result<()> {
    let options = Options::parse();
    if let Some([name, path]) = options.own_loop.as_deref() {
        return loops::run(name, path);
    }
    let corpora = Corpora::make(&options)?;
    if options.make_only {
        print!("{}", corpora.describe());
        return Ok(());
    }
    let programs = programs::all(&corpora, &options)?;
    let rows = measure::all(&programs, options.runs, &options.dir)?;
    let text = report::markdown(&corpora.describe(), &rows, &targets::all(&rows), options.runs);
    print!("{text}");
    if let Some(path) = &options.write {
        report::replace(path, &text)?;
    }
    Ok(())
}
