//! What the background compacts of a tablet, and when. Every tablet is judged by itself, those of rollups too, and only by
//! what the catalog says of it.
//!
//! Two things make a rewrite worth its bytes, which the next backup sends again:
//!
//! * **Many small rowsets.** A rowset of less than half a file is small. Small ones are told apart by size, in tiers that
//!   begin at [`TIER_BYTES`] and each of which is [`TIER_FACTOR`] times the one before. When a tier has [`MANY_ROWSETS`],
//!   they and all smaller ones become one rowset, which is of a higher tier: so a byte is rewritten at most once a tier,
//!   O(log n) times, however many loads follow it, and a tablet keeps fewer than `MANY_ROWSETS` small rowsets a tier.
//!   What is not small is left alone, however much there is of it. In the lowest tier a byte may be rewritten more often:
//!   files so small cost what a file costs, not what their bytes do.
//! * **A rowset that has lost many rows.** When one of [`DELETED_ROW_OF`] of its rows is deleted, its live rows are written
//!   anew: that costs at most three times what has been deleted. Others keep their deletions, which travel as positions,
//!   so an upsert of a small share of a table rewrites about that share. Tiny rowsets wait until there are many.

/// Rowsets of one tier that become one.
const MANY_ROWSETS: usize = 5;
/// A rowset of fewer bytes is of the lowest tier.
const TIER_BYTES: u64 = 64 << 10;
/// How much larger the rowsets of a tier are than those of the one before. Not more than [`MANY_ROWSETS`], so that what is
/// made of that many is of a higher tier.
const TIER_FACTOR: u64 = 4;
/// A rowset of so many bytes is not small.
const FULL_BYTES: u64 = super::rewrite::FILE_BYTES / 2;
/// Of so many rows of a rowset one may be deleted before they are written anew.
const DELETED_ROW_OF: u64 = 4;

/// What the catalog says of a rowset.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct RowsetSize {
    pub(super) bytes: u64,
    /// Rows of its files, the deleted ones too.
    pub(super) rows: u64,
    pub(super) deleted: u64,
}

impl RowsetSize {
    /// About what its live rows take.
    fn live_bytes(self) -> u64 {
        let (bytes, rows) = (u128::from(self.bytes), u128::from(self.rows.max(1)));
        let live = u128::from(self.rows.saturating_sub(self.deleted));
        u64::try_from(bytes * live / rows).unwrap_or(u64::MAX)
    }

    /// `None` when it is not small.
    fn tier(self) -> Option<u32> {
        let bytes = self.live_bytes();
        let (mut tier, mut end) = (0, TIER_BYTES);
        while bytes >= end {
            (tier, end) = (tier + 1, end * TIER_FACTOR);
        }
        (bytes < FULL_BYTES).then_some(tier)
    }

    fn is_worn(self) -> bool {
        self.bytes >= TIER_BYTES && self.deleted.saturating_mul(DELETED_ROW_OF) >= self.rows
    }
}

/// The places of the rowsets of a tablet that are to become one now; none when nothing is due. When that is done more may
/// be.
pub(super) fn due(rowsets: &[RowsetSize]) -> Vec<usize> {
    let tiers: Vec<Option<u32>> = rowsets.iter().map(|rowset| rowset.tier()).collect();
    let is_crowded = |tier: &u32| tiers.iter().filter(|other| **other == Some(*tier)).count() >= MANY_ROWSETS;
    if let Some(crowded) = tiers.iter().flatten().copied().filter(is_crowded).max() {
        let is_chosen = |place: &usize| tiers[*place].is_some_and(|tier| tier <= crowded);
        return (0..rowsets.len()).filter(is_chosen).collect();
    }
    // One at a time: what is done is kept when the rest is not.
    rowsets.iter().position(|rowset| rowset.is_worn()).into_iter().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sized(bytes: u64) -> RowsetSize {
        RowsetSize { bytes, rows: 100, deleted: 0 }
    }

    /// Loads of these sizes into one tablet, with all that is due done after each; returns the rowsets that are left, and how
    /// many bytes were written for each that was loaded.
    fn loaded(sizes: impl Iterator<Item = u64>) -> (Vec<RowsetSize>, f64) {
        let (mut rowsets, mut loaded, mut written) = (Vec::new(), 0, 0);
        for bytes in sizes {
            rowsets.push(sized(bytes));
            loaded += bytes;
            loop {
                let chosen = due(&rowsets);
                if chosen.is_empty() {
                    break;
                }
                let merged = chosen.iter().map(|place| rowsets[*place].bytes).sum();
                written += merged;
                rowsets =
                    (0..rowsets.len()).filter(|at| !chosen.contains(at)).map(|at| rowsets[at]).collect();
                rowsets.push(sized(merged));
            }
        }
        #[expect(clippy::cast_precision_loss, reason = "about is enough")]
        (rowsets, written as f64 / loaded as f64)
    }

    #[test]
    fn a_byte_is_rewritten_at_most_once_a_tier_and_few_small_rowsets_are_left() {
        for load in [70 << 10, 300 << 10, 1 << 20, 5 << 20, 9 << 20] {
            let (rowsets, written) = loaded(std::iter::repeat_n(load, 3000));
            let small = rowsets.iter().filter(|rowset| rowset.tier().is_some()).count();
            assert!(small <= 4 * (MANY_ROWSETS - 1), "{load}: {small} small rowsets");
            assert!(written <= 4.0, "{load}: {written} bytes written for one");
        }
        // The same with loads of all sizes in turn.
        let (rowsets, written) = loaded((0..3000).map(|n| (20 << 10) << (n % 9)));
        let small = rowsets.iter().filter(|rowset| rowset.tier().is_some()).count();
        assert!(small <= 5 * (MANY_ROWSETS - 1) && written <= 4.0, "{small} {written}");
    }

    /// Rowsets between small and full made every load rewrite all that were smaller.
    #[test]
    fn rowsets_that_are_not_small_make_nothing_due() {
        let mut rowsets = vec![sized(12 << 20); 40];
        assert!(due(&rowsets).is_empty());
        rowsets.extend([sized(100), sized(5 << 20), sized(100)]);
        assert!(due(&rowsets).is_empty());
    }

    #[test]
    fn a_crowded_tier_takes_the_smaller_rowsets_along() {
        let large = 3 << 20;
        let rowsets = [large, 10, large, 6 << 20, large, large, 50 << 20, large, 20].map(sized);
        assert_eq!(due(&rowsets), [0, 1, 2, 4, 5, 7, 8]);
    }

    #[test]
    fn only_a_rowset_that_has_lost_many_rows_is_rewritten_for_them() {
        let worn = |bytes, deleted| RowsetSize { bytes, rows: 1000, deleted };
        assert!(due(&[worn(50 << 20, 249), worn(50 << 20, 10)]).is_empty());
        assert_eq!(due(&[worn(50 << 20, 1), worn(50 << 20, 250), worn(50 << 20, 600)]), [1]);
        assert!(due(&[worn(10 << 10, 900)]).is_empty(), "a tiny one waits for others");
        // What is left of it counts.
        let almost_empty = worn(50 << 20, 999);
        assert_eq!(due(&[almost_empty; 5]), [0, 1, 2, 3, 4]);
    }
}
