//! The parts of a conversion, each alone and in memory: `cargo bench -p benches`.

#![allow(clippy::expect_used, missing_docs, reason = "a measurement fails by panicking, and its macros write no docs")]

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use mailferry::{
    Limits,
    convert::Conversion,
    mime::HeaderSection,
    model::Item,
    read::{ItemReader, Mailbox, ReadOptions, mbox::MboxReader},
    write::{Checksums, EmlArchive, ItemWriter, WriteOptions, ZipLevel},
};
use std::{hint::black_box, ops::ControlFlow, sync::Arc};

/// The small mailbox of the fixtures, often enough to fill some 50 MB.
fn mailbox() -> Arc<Vec<u8>> {
    Arc::new(include_bytes!("../fixtures/mbox/takeout.mbox").repeat(100))
}

fn items(mailbox: &Arc<Vec<u8>>) -> Vec<Item> {
    let mut reader = MboxReader::open(mailbox.clone(), "takeout.mbox", &ReadOptions::default()).expect("an mbox");
    std::iter::from_fn(|| reader.next_item().expect("an item")).collect()
}

fn parts(criterion: &mut Criterion) {
    let mailbox = mailbox();
    let items = items(&mailbox);
    let mut group = criterion.benchmark_group("parts");
    group.sample_size(20);

    group.throughput(Throughput::Bytes(mailbox.len() as u64));
    group.bench_function("items of an mbox", |bencher| bencher.iter(|| self::items(&mailbox).len()));
    for (name, checksums) in [("SHA-256", Checksums::Sha256), ("no checksum", Checksums::None)] {
        let mut options = WriteOptions::default();
        options.checksums = checksums;
        options.zip_level = ZipLevel::Store;
        let renderer = EmlArchive::zip(std::io::sink(), options.clone()).renderer();
        group.bench_function(format!("render, {name}"), |bencher| {
            bencher.iter(|| items.iter().map(|item| renderer.render(item).expect("octets").size()).sum::<u64>());
        });
        group.bench_function(format!("mbox to stored ZIP, {name}"), |bencher| {
            bencher.iter(|| {
                let mut source = Mailbox::new(ReadOptions::default());
                source.add_source("takeout.mbox", mailbox.clone());
                let archive = EmlArchive::zip(std::io::sink(), options.clone());
                let conversion = Conversion::new(source, Box::new(archive), std::io::sink());
                conversion.run(&mut |_| ControlFlow::Continue(())).totals.migrated
            });
        });
    }

    group.throughput(Throughput::Elements(items.len() as u64));
    group.bench_function("header sections", |bencher| {
        let limits = Limits::default();
        bencher.iter(|| {
            for message in items.iter().filter_map(Item::message) {
                let header = HeaderSection::read(message.content(), &limits).expect("octets");
                black_box(header.first("Subject").map(|field| field.text()));
            }
        });
    });
    group.finish();
}

criterion_group!(benches, parts);
criterion_main!(benches);
