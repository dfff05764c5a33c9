//! How many buckets a new partition gets where nobody says it.

use crate::catalog::Table;

/// The bytes of files for which a partition gets one bucket.
const BUCKET_BYTES: u64 = 1 << 30;
/// The most buckets that are given without being asked for.
const MOST: u32 = 128;
/// Of so many partitions, those made last, the largest tells how large the next may become.
const RECENT: usize = 5;

/// The number for a new partition of the table; `None` for the table's own.
pub(crate) fn automatic_buckets(table: &Table) -> Option<u32> {
    if !table.definition.automatic_buckets {
        return None;
    }
    let mut partitions: Vec<_> = table.partitions.iter().collect();
    partitions.sort_by_key(|partition| std::cmp::Reverse(partition.id));
    let largest = partitions.iter().take(RECENT).map(|partition| partition.bytes()).max().unwrap_or(0);
    Some(buckets_for(largest)).filter(|wanted| *wanted > table.definition.distribution.buckets())
}

fn buckets_for(bytes: u64) -> u32 {
    u32::try_from(bytes.div_ceil(BUCKET_BYTES)).map_or(MOST, |wanted| wanted.min(MOST))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn buckets_grow_with_bytes_up_to_a_limit() {
        let cases = [
            (0, 0),
            (1, 1),
            (1 << 30, 1),
            ((1 << 30) + 1, 2),
            (10 << 30, 10),
            (1 << 60, 128),
            (u64::MAX, 128),
        ];
        for (bytes, expected) in cases {
            assert_eq!(buckets_for(bytes), expected, "{bytes}");
        }
    }
}
