use std::collections::BTreeSet;

use datasketches::hll::{HllSketch, HllType};
use proptest::prelude::*;

use super::*;

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |text, byte| text + &format!("{byte:02x}"))
}

fn hll_of(texts: &[&str]) -> Vec<u8> {
    let sketches: Vec<_> = texts.iter().map(|text| Hll::of(text).unwrap().to_bytes()).collect();
    merge_sketches(&ColumnType::Hll, sketches.iter().map(Vec::as_slice)).unwrap()
}

fn percentile_of(numbers: &[f64]) -> Vec<u8> {
    let sketches: Vec<_> = numbers.iter().map(|number| Percentile::of(*number).unwrap().to_bytes()).collect();
    merge_sketches(&ColumnType::Percentile, sketches.iter().map(Vec::as_slice)).unwrap()
}

/// The bytes are those that `CRoaring` (pyroaring's `BitMap64`) and Apache `DataSketches` (its Python package) write for
/// the same values: stores keep them, so they stay as they are.
#[test]
fn the_stored_forms_are_those_of_other_libraries() {
    let bitmap = "0200000000000000000000003a300000010000000000020010000000010002000300000100003a3000000100000000000000100000000000";
    let cases = [
        (Bitmap::empty().unwrap().to_bytes(), "0000000000000000"),
        (Bitmap::parse("1,2,3,1099511627776").unwrap().to_bytes(), bitmap),
        (Hll::empty().unwrap().to_bytes(), "0201070e030c0008"),
        (hll_of(&["apple"]), "0201070e030801088414b608"),
        (hll_of(&["apple", "banana", "apple"]), "0201070e030802088414b608be4fd70a"),
        (Percentile::empty().unwrap().to_bytes(), "010114e803010000"),
        (percentile_of(&[1.5]), "010114e803060000000000000000f83f"),
        (
            percentile_of(&[1.5, 2.5]),
            "020114e8030000000200000000000000000000000000f83f0000000000000440000000000000f83f010000000000000000000000000004400100000000000000",
        ),
    ];
    for (bytes, expected) in cases {
        assert_eq!(hex(&bytes), expected);
    }
}

#[test]
fn sketches_tell_what_they_stand_for() {
    let mut bitmap = Bitmap::parse(" 3, 1,18446744073709551615").unwrap();
    bitmap.merge(Bitmap::of(2)).unwrap();
    assert_eq!((bitmap.to_text(30).unwrap().as_str(), bitmap.count()), ("1,2,3,18446744073709551615", 4));
    assert!(bitmap.contains(u64::MAX) && !bitmap.contains(4));
    assert_eq!(Bitmap::parse("1,x"), None);
    assert_eq!(Bitmap::parse("-1"), None);
    assert_eq!(Bitmap::parse("").unwrap().count(), 0);
    assert_eq!(Bitmap::of_hash("hello").to_text(10).unwrap(), "1321743225");
    let texts: Vec<String> = (0..20_000).map(|number| (number % 10_000).to_string()).collect();
    let many = Hll::from_bytes(&hll_of(&texts.iter().map(String::as_str).collect::<Vec<_>>())).unwrap();
    assert!((9_800..10_200).contains(&many.estimate().unwrap()), "{:?}", many.estimate());
    let numbers: Vec<f64> = (0..=10_000).map(f64::from).collect();
    let mut distribution = Percentile::from_bytes(&percentile_of(&numbers)).unwrap();
    let median = distribution.quantile(0.5).unwrap().unwrap();
    assert!((4_950.0..=5_050.0).contains(&median), "{median}");
    assert_eq!(distribution.count(), 10_001);
    assert!(distribution.quantile(1.5).is_err());
    assert_eq!(Percentile::of(f64::NAN).unwrap().quantile(0.5).unwrap(), None);
}

#[test]
fn a_text_of_a_bitmap_has_a_limit() {
    let bitmap: Bitmap = (0..1000).collect();
    assert_eq!(bitmap.to_text(3889).unwrap().len(), 3889);
    for most in [0, 1, 100, 3888] {
        let error = bitmap.to_text(most).unwrap_err().to_string();
        assert!(
            error.contains(&format!("a bitmap of 1000 numbers has a text of more than {most} bytes")),
            "{error}"
        );
    }
}

/// A sketch of so many values, of each form that there is.
fn images(lg_k: u8, values: u32) -> Vec<Vec<u8>> {
    let of = |hll_type| {
        let mut sketch = HllSketch::new(lg_k, hll_type).unwrap();
        (0..values).for_each(|value| sketch.update(value));
        sketch.serialize()
    };
    [HllType::Hll4, HllType::Hll6, HllType::Hll8].map(of).to_vec()
}

/// Reads a sketch, merges it with another, tells what it stands for, and reads again what it writes.
fn exercise(bytes: &[u8]) -> bool {
    let Ok(read) = Hll::from_bytes(bytes) else { return false };
    let mut sum = Hll::of("apple").unwrap();
    if read.estimate().is_err() {
        return true;
    }
    if sum.merge(read).is_ok() {
        sum.estimate().unwrap();
        assert!(Hll::from_bytes(&sum.to_bytes()).is_ok());
    }
    true
}

#[test]
fn dense_sketches_are_read_and_damaged_ones_refused() {
    for (lg_k, values) in [(4, 300), (8, 20), (8, 200), (10, 3000), (14, 2500), (14, 60_000)] {
        for image in images(lg_k, values) {
            assert!(exercise(&image), "{lg_k} {values}");
            let longer = [&image[..], b"x"].concat();
            assert!(!exercise(&longer) && !exercise(&image[..image.len() - 1]), "{lg_k} {values}");
        }
    }
    let dense = images(10, 3000);
    let with = |of: usize, at: usize, bytes: &[u8]| {
        let mut image = dense[of].clone();
        image[at..at + bytes.len()].copy_from_slice(bytes);
        exercise(&image)
    };
    for of in 0..3 {
        for sum in [f64::NAN, f64::INFINITY, -1.0, 1e20] {
            assert!(!with(of, 8, &sum.to_le_bytes()) && !with(of, 16, &sum.to_le_bytes()), "{of} {sum}");
        }
        assert!(!with(of, 32, &[0xff, 0, 0, 0]), "{of}");
    }
    assert!(!with(0, 6, &[60]) && !with(0, 6, &[200]));
    assert!(!with(2, 100, &[64]) && !with(2, 1063, &[255]));
}

#[test]
fn bytes_that_are_no_sketch_are_refused_by_name() {
    let types = [ColumnType::Bitmap, ColumnType::Hll, ColumnType::Percentile];
    let bitmap = Bitmap::of(1).to_bytes();
    for column_type in &types {
        for wrong in [&b""[..], b"x", &[0xff; 64], &[&bitmap[..], b"x"].concat(), &bitmap[..bitmap.len() - 1]]
        {
            let error = check_sketch(column_type, wrong).unwrap_err().to_string();
            let name = column_type.to_string().to_uppercase();
            assert!(error.starts_with(&format!("the bytes are no {name}: ")), "{error}");
        }
    }
}

proptest! {
    #[test]
    fn no_bytes_make_a_reader_panic_and_what_it_reads_it_writes(bytes in prop::collection::vec(any::<u8>(), 0..64)) {
        for column_type in [ColumnType::Bitmap, ColumnType::Hll, ColumnType::Percentile] {
            if check_sketch(&column_type, &bytes).is_ok() {
                let merged = merge_sketches(&column_type, [bytes.as_slice(), &bytes].into_iter()).unwrap();
                prop_assert!(check_sketch(&column_type, &merged).is_ok());
            }
        }
    }

    #[test]
    fn a_changed_sketch_is_read_or_refused(numbers in prop::collection::vec(any::<u16>(), 1..40), at in any::<prop::sample::Index>(), to in any::<u8>()) {
        let texts: Vec<String> = numbers.iter().map(ToString::to_string).collect();
        let sketches = [
            (ColumnType::Bitmap, numbers.iter().map(|n| u64::from(*n)).collect::<Bitmap>().to_bytes()),
            (ColumnType::Hll, hll_of(&texts.iter().map(String::as_str).collect::<Vec<_>>())),
            (ColumnType::Percentile, percentile_of(&numbers.iter().map(|n| f64::from(*n)).collect::<Vec<_>>())),
        ];
        for (column_type, mut bytes) in sketches {
            let at = at.index(bytes.len());
            bytes[at] = to;
            if check_sketch(&column_type, &bytes).is_ok() {
                let _ = merge_sketches(&column_type, [bytes.as_slice(), &bytes].into_iter());
            }
        }
    }

    #[test]
    fn a_changed_dense_sketch_is_read_or_refused(
        lg_k in prop::sample::select(vec![4_u8, 7, 10, 12]),
        values in 2_000_u32..4_000,
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<bool>(), any::<u8>()), 1..4),
    ) {
        for mut image in images(lg_k, values) {
            for (at, in_header, to) in &changes {
                let at = at.index(if *in_header { 40 } else { image.len() });
                image[at] ^= to;
            }
            exercise(&image);
        }
    }

    #[test]
    fn a_bitmap_is_the_set_of_its_numbers(a in prop::collection::btree_set(any::<u64>(), 0..50), b in prop::collection::btree_set(0_u64..100, 0..50)) {
        let bitmap = |set: &BTreeSet<u64>| set.iter().copied().collect::<Bitmap>();
        let bytes = merge_sketches(&ColumnType::Bitmap, [bitmap(&a).to_bytes().as_slice(), &bitmap(&b).to_bytes()].into_iter()).unwrap();
        let union = Bitmap::from_bytes(&bytes).unwrap();
        prop_assert!(union.numbers().eq(a.union(&b).copied()));
        prop_assert!(bitmap(&a).and(&bitmap(&b)).numbers().eq(a.intersection(&b).copied()));
        prop_assert!(bitmap(&a).and_not(&bitmap(&b)).numbers().eq(a.difference(&b).copied()));
        prop_assert!(bitmap(&a).xor(&bitmap(&b)).numbers().eq(a.symmetric_difference(&b).copied()));
    }
}
