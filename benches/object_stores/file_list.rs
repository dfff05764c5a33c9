//! A long file list, made and opened.

use std::path::Path;

use bytes::Bytes;
use cairn_format::{
    DataFile, Digest, DigestAlgorithm, FieldId, FileColumnBounds, FileList, FileListRef, FileLocation,
    IntentId, ObjectName, PartitionName,
};

use super::support::Fallible;
use super::support::measure::{Meter, Series, megabytes, run_child, setting};

const BUCKETS: u32 = 10_000;
const ROWS: u64 = 100_000;

pub(crate) fn run() -> Fallible<()> {
    let kept = tempfile::tempdir()?;
    let path = kept.path().join("list.parquet");
    let path = path.to_str().ok_or("a path that is not UTF-8")?;
    let files: u32 = setting("CAIRN_BENCH_FILES", 1_000_000);
    let made = run_child(&["list"], &["make", path, &files.to_string()])?;
    let reference: Vec<&str> = made.words.iter().map(String::as_str).collect();
    let bytes = std::fs::metadata(path)?.len();
    println!("\na list of {files} files with bounds of 4 columns: {:.1} MB", megabytes(bytes));
    let mut series = Series::default();
    series.add("make and seal", made.clone());
    for _ in 0..setting("CAIRN_BENCH_ROUNDS", 3) {
        for (what, how) in [("open", "all"), ("open, places only", "locations")] {
            series.add(what, run_child(&["list", how, path], &reference)?);
        }
    }
    series.print(bytes, "open");
    Ok(())
}

pub(crate) fn child(arguments: &[&str]) -> Fallible<()> {
    match arguments {
        ["make", path, files] => make(Path::new(path), files.parse()?),
        [how, path, object, length, files, rows, bytes] => {
            let reference = FileListRef {
                object: ObjectName::parse(object)?,
                length: length.parse()?,
                files: files.parse()?,
                rows: rows.parse()?,
                bytes: bytes.parse()?,
            };
            let meter = Meter::start()?;
            let read = Bytes::from(std::fs::read(path)?);
            let list = match *how {
                "all" => FileList::decode(&reference, &read)?,
                _ => FileList::decode_locations(&reference, &read)?,
            };
            if list.rows() != reference.rows || list.files().len() as u64 != reference.files {
                return Err("the list is another".into());
            }
            meter.finish(&[])
        }
        other => Err(format!("unknown arguments {other:?}").into()),
    }
}

/// Writes a list; says what a manifest would of it.
fn make(path: &Path, files: u32) -> Fallible<()> {
    let meter = Meter::start()?;
    let partitions: Vec<_> = (0..files.div_ceil(BUCKETS))
        .map(|number| PartitionName::parse(&format!("p{number:05}")))
        .collect::<cairn_format::Result<_>>()?;
    let intents = ["01ARZ3NDEKTSV4RRFFQ69G5FAV", "01BX5ZZKBKACTAV9WEVGEMMVRZ"].map(IntentId::parse);
    let [first, second] = intents;
    let intents = [first?, second?];
    let all = (0..files)
        .map(|number| data_file(number, &partitions, intents[(number % 2) as usize]))
        .collect::<Fallible<_>>()?;
    let sealed = FileList::try_new(&partitions, all)?.seal(DigestAlgorithm::DEFAULT, intents[0])?;
    std::fs::write(path, sealed.bytes())?;
    let FileListRef { object, length, files, rows, bytes } = sealed.reference();
    meter.finish(&[
        object.to_string(),
        length.to_string(),
        files.to_string(),
        rows.to_string(),
        bytes.to_string(),
    ])
}

fn data_file(number: u32, partitions: &[PartitionName], intent: IntentId) -> Fallible<DataFile> {
    let digest = Digest::of(&number.to_le_bytes());
    let length = 20_000 + u64::from(number % 1000);
    let bounds = |id, lower: String, upper: String| -> Fallible<FileColumnBounds> {
        Ok(FileColumnBounds {
            field_id: FieldId::try_new(id)?,
            null_count: Some(u64::from(number % 7)),
            lower: Some(lower.into()),
            upper: Some(upper.into()),
        })
    };
    let number_from = u64::from(number) * ROWS;
    let day = 1 + number % 28;
    Ok(DataFile {
        partition: partitions[(number / BUCKETS) as usize].clone(),
        bucket: number % BUCKETS,
        ordinal: 0,
        digest,
        length,
        rows: ROWS,
        columns: vec![
            bounds(1, number_from.to_string(), (number_from + ROWS).to_string())?,
            bounds(2, format!("2026-01-{day:02}"), format!("2026-02-{day:02}"))?,
            bounds(3, format!("{}.50", number % 977), format!("{}.75", 1000 + number % 977))?,
            bounds(4, format!("Customer#{number:09}"), format!("Supplier#{number:09}"))?,
        ],
        location: FileLocation::whole(ObjectName::new(digest, intent), length),
        source: None,
        deleted: None,
    })
}
