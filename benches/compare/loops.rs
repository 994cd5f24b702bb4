//! Loops to compare with that no program has: this one runs itself to measure them as it does others.

use std::fs::File;
use std::hint::black_box;
use std::io::{BufRead as _, BufReader, Read};

use anyhow::bail;
use kube_core::DynamicObject;
use serde::Deserialize;

/// What the original tracer makes of every event of a watch.
#[derive(Deserialize)]
struct Event {
    object: DynamicObject,
}

/// Runs a loop over a file.
pub fn run(name: &str, path: &str) -> anyhow::Result<()> {
    let file = File::open(path)?;
    match name {
        "dynamic" => dynamic(file),
        "gunzip" => drain(flate2::bufread::MultiGzDecoder::new(BufReader::with_capacity(1 << 17, file))),
        "unzstd" => drain(zstd::Decoder::new(file)?),
        _ => bail!("no loop {name}"),
    }
}

fn dynamic(file: File) -> anyhow::Result<()> {
    let mut lines = BufReader::with_capacity(1 << 18, file);
    let mut line = Vec::new();
    while lines.read_until(b'\n', &mut line)? > 0 {
        let event: Event = serde_json::from_slice(&line)?;
        black_box(event.object);
        line.clear();
    }
    Ok(())
}

/// Decompresses, with the libraries that tracer uses.
fn drain(mut stream: impl Read) -> anyhow::Result<()> {
    let mut buffer = vec![0; 1 << 18];
    while stream.read(&mut buffer)? > 0 {
        black_box(&buffer);
    }
    Ok(())
}
