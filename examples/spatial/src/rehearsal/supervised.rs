//! The checks of the first stage.

use super::Stage;
use super::report::{Report, Status};
use datasets::{Record, Visuals};
use recipe::SftSettings;
use trainer::data::Examples;
use trainer::session::{Conversations, Labels};
use vlm_processor::{LabelledPrompt, SpecialTokens};

/// Patches that become one token, along each side.
const MERGED: usize = 2;

impl Stage {
    pub(super) fn check_supervised(&self, sft: &SftSettings, records: &[Record], report: &mut Report) {
        let answered = records.iter().filter(|record| (*record).clone().into_instruction().is_ok()).count();
        report.demand(
            "dataset_columns",
            answered == records.len(),
            Status::Fail,
            format!("{answered} of {} rows have a question and an answer", records.len()),
        );
        self.check_images(records, report);
        let rows = Conversations(self.rows.clone(), Labels::of(sft));
        let batch: Result<Vec<LabelledPrompt>, _> = (0..self.first).map(|row| rows.get(row)).collect();
        match batch {
            Err(error) => report.note("batch_keys", Status::Fail, error.to_string()),
            Ok(batch) => self.check_batch(&batch, report),
        }
        let lengths: Vec<usize> =
            (0..rows.epoch_len()).filter_map(|row| Some(rows.get(row).ok()?.prompt.ids.len())).collect();
        sequence_length("sequence_length", &lengths, (sft.max_length.map(recipe::Count::get), 0.5), report);
    }

    /// The pictures of the first rows.
    pub(super) fn check_images(&self, records: &[Record], report: &mut Report) {
        let looked_at: Vec<&Visuals> =
            records.iter().take(self.first as usize).map(Record::visuals).collect();
        let pictures: Vec<_> = looked_at.iter().flat_map(|visuals| &visuals.images).collect();
        let broken = pictures.iter().find_map(|picture| picture.open().err());
        let message =
            broken.as_ref().map_or_else(|| format!("{} decoded", pictures.len()), ToString::to_string);
        report.demand("images_decode", broken.is_none(), Status::Fail, message);
    }

    fn check_batch(&self, batch: &[LabelledPrompt], report: &mut Report) {
        let pictures = batch.iter().flat_map(|row| &row.prompt.visuals);
        let with = if pictures.clone().count() > 0 { ", pixel_values, image_grid_thw" } else { "" };
        report.note("batch_keys", Status::Ok, format!("input_ids, attention_mask, labels{with}"));
        let complete = batch.len() as u64 == self.first && batch.iter().all(|row| !row.prompt.ids.is_empty());
        report.demand("input_ids", complete, Status::Fail, format!("{} rows of ids", batch.len()));
        let labelled = |row: &LabelledPrompt| {
            let within = row.spans.iter().all(|span| span.end <= row.prompt.ids.len());
            within && row.spans.iter().any(|span| !span.is_empty())
        };
        let labels: usize = batch.iter().flat_map(|row| &row.spans).map(|span| span.len()).sum();
        report.demand(
            "labels",
            batch.iter().all(labelled),
            Status::Fail,
            format!("{labels} tokens of the assistant"),
        );
        let whole = pictures.clone().all(|visual| {
            let patches = visual.patches.grid.patches();
            patches > 0 && visual.patches.values.len().is_multiple_of(patches)
        });
        report.demand("pixel_rows", whole, Status::Fail, "as many as t·h·w of the grids");
        let placed = batch.iter().find_map(|row| row.prompt.check_features(MERGED).err());
        let message =
            placed.as_ref().map_or_else(|| "t·h·w/4 for every image".to_owned(), ToString::to_string);
        report.demand("vision_placeholders", placed.is_none(), Status::Fail, message);
        if let Some(row) = batch.first() {
            report.prompt = self.decode(&row.prompt.ids, SpecialTokens::Keep);
        }
    }
}

/// A warning where more than `most` of the rows are longer than the limit.
pub(super) fn sequence_length(
    name: &'static str,
    lengths: &[usize],
    (limit, most): (Option<usize>, f64),
    report: &mut Report,
) {
    let limit = limit.unwrap_or(usize::MAX);
    let over = lengths.iter().filter(|length| **length > limit).count();
    let longest = lengths.iter().max().copied().unwrap_or(0);
    let allowed = most * lengths.len() as f64;
    report.demand(
        name,
        over as f64 <= allowed,
        Status::Warn,
        format!("longest {longest} tokens, {over} rows above the limit"),
    );
}
