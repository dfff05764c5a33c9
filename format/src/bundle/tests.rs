use std::sync::Arc;

use arrow::array::{ArrayRef, Int64Array, RecordBatch, StringArray};
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;

use super::*;
use crate::compression::Compression;
use crate::parquet_profile::profile;

fn batch(rows: std::ops::Range<i64>) -> RecordBatch {
    let texts: StringArray = rows.clone().map(|n| (n % 3 > 0).then(|| format!("text {n}"))).collect();
    let columns: Vec<(&str, ArrayRef, bool)> =
        vec![("n", Arc::new(rows.collect::<Int64Array>()), false), ("t", Arc::new(texts), true)];
    RecordBatch::try_from_iter_with_nullable(columns).unwrap()
}

fn member(rows: std::ops::Range<i64>, compression: &str) -> Vec<u8> {
    let properties = profile(Compression::parse(compression).unwrap(), None).unwrap().build();
    let batch = batch(rows);
    let mut writer = ArrowWriter::try_new(Vec::new(), batch.schema(), Some(properties)).unwrap();
    writer.write(&batch).unwrap();
    writer.into_inner().unwrap()
}

fn read(bytes: Bytes) -> Vec<RecordBatch> {
    ParquetRecordBatchReaderBuilder::try_new(bytes)
        .unwrap()
        .with_batch_size(100_000)
        .build()
        .unwrap()
        .map(|batch| batch.unwrap())
        .collect()
}

#[test]
fn a_bundle_and_each_of_its_members_are_parquet_files() {
    let members = [member(0..100, "zstd"), member(100..100, "lz4"), member(100..4000, "none")];
    let mut builder = BundleBuilder::new();
    let offsets: Vec<_> = members.iter().map(|member| builder.push(member).unwrap()).collect();
    assert_eq!(builder.members(), 3);
    let bundle = builder.finish().unwrap();
    for (offset, member) in offsets.iter().zip(&members) {
        let start = usize::try_from(*offset).unwrap();
        assert_eq!(bundle[start..start + member.len()], member[..]);
    }
    let whole = arrow::compute::concat_batches(&batch(0..0).schema(), &read(bundle)).unwrap();
    assert_eq!(whole, batch(0..4000));
}

#[test]
fn what_does_not_fit_is_left_out_and_changes_nothing() {
    let other: ArrayRef = Arc::new(Int64Array::from(vec![1]));
    let other = RecordBatch::try_from_iter([("m", other)]).unwrap();
    let mut writer = ArrowWriter::try_new(Vec::new(), other.schema(), None).unwrap();
    writer.write(&other).unwrap();
    let other = writer.into_inner().unwrap();
    let one = member(0..10, "zstd");
    let mut builder = BundleBuilder::new();
    for wrong in [&b""[..], b"PAR1", b"noise that is no Parquet file", &one[..one.len() - 1]] {
        assert_eq!(builder.push(wrong), None);
    }
    assert_eq!(builder.push(&one), Some(0));
    assert_eq!(builder.push(&other), None);
    assert_eq!(builder.length(), one.len());
    let mut alone = BundleBuilder::new();
    alone.push(&one).unwrap();
    assert_eq!(builder.finish().unwrap(), alone.finish().unwrap());
    assert!(BundleBuilder::new().finish().is_err());
}

/// Footers of local files are hashed, not trusted: whatever a changed one says, it is left out or moved as it is.
#[test]
fn no_change_of_a_member_makes_the_builder_panic() {
    let one = member(0..10, "zstd");
    let hook = std::panic::take_hook();
    std::panic::set_hook(Box::new(|_| {}));
    for at in 0..one.len() {
        for change in [0x01, 0x80, 0xff] {
            let mut changed = one.clone();
            changed[at] ^= change;
            let mut builder = BundleBuilder::new();
            if builder.push(&changed).is_some() {
                let _ = builder.finish();
            }
        }
    }
    std::panic::set_hook(hook);
}
