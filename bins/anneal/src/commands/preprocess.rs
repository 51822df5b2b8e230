//! `anneal preprocess`: one safetensors file a row with what the model would be given.

use crate::args::PreprocessArgs;
use crate::rows;
use crate::rows::Source;
use command_line::{Outcome, progress};
use safetensors::tensor::{Dtype, TensorView};
use std::collections::HashSet;
use std::path::{Path, PathBuf};
use vlm_processor::{Processor, Prompt, VisualKind};

/// Rows that are prepared together.
const AT_ONCE: usize = 8;

/// Runs the command.
pub fn run(args: &PreprocessArgs) -> Outcome {
    let processor = Processor::from_dir(&args.model)?;
    std::fs::create_dir_all(&args.output)
        .map_err(|error| format!("{}: cannot be made: {error}", args.output.display()))?;
    let bar = progress::rows(rows::count(&args.input)?, 0);
    let root = rows::root_of(&args.input);
    let done = HashSet::new();
    let vision = processor.vision();
    let columns = 3 * vision.temporal_patch_size * vision.patch_size * vision.patch_size;
    rows::for_each_batch(
        Source { input: &args.input, batch: AT_ONCE, done: &done },
        |row| {
            let path = args.output.join(file_name(&row.id));
            let wanted = args.overwrite || !path.exists();
            wanted.then(|| processor.prepare(row, root).map(|prompt| (path, prompt))).transpose()
        },
        |batch| {
            for (path, prompt) in batch.into_iter().inspect(|_| bar.inc(1)).filter_map(|row| row.item) {
                write(&path, &prompt, columns)?;
            }
            Ok(())
        },
    )?;
    bar.finish_and_clear();
    Ok(())
}

/// `ID.safetensors`, with `%XX` for bytes that would mean something to the file system.
fn file_name(id: &str) -> String {
    let mut name = String::new();
    for (index, c) in id.chars().enumerate() {
        let special = matches!(c, '/' | '\\' | ':' | '%') || c.is_control() || (index == 0 && c == '.');
        if special {
            c.encode_utf8(&mut [0; 4]).bytes().for_each(|byte| name.push_str(&format!("%{byte:02X}")));
        } else {
            name.push(c);
        }
    }
    name + ".safetensors"
}

/// Writes the file under another name first, so that a file that is there is whole.
fn write(path: &Path, prompt: &Prompt, columns: usize) -> Outcome {
    let mut tensors = vec![
        Tensor::i64("input_ids", vec![prompt.ids.len()], prompt.ids.iter().map(|id| i64::from(*id))),
        Tensor::i64(
            "position_ids",
            vec![3, prompt.positions.len()],
            (0..3).flat_map(|axis| prompt.positions.iter().map(move |position| position[axis])),
        ),
    ];
    tensors.extend(visuals(prompt, VisualKind::Image, ["pixel_values", "image_grid_thw"], columns));
    tensors.extend(visuals(prompt, VisualKind::Video, ["pixel_values_videos", "video_grid_thw"], columns));
    let views = tensors.iter().map(Tensor::view).collect::<Result<Vec<_>, _>>()?;
    let mut scratch = path.as_os_str().to_owned();
    scratch.push(".part");
    let scratch = PathBuf::from(scratch);
    safetensors::serialize_to_file(views, None, &scratch)
        .map_err(|error| format!("{}: cannot be written: {error}", scratch.display()))?;
    std::fs::rename(&scratch, path).map_err(|error| format!("{}: {error}", path.display()))?;
    Ok(())
}

fn visuals(prompt: &Prompt, kind: VisualKind, names: [&'static str; 2], columns: usize) -> Vec<Tensor> {
    let of_kind: Vec<_> = prompt.visuals.iter().filter(|visual| visual.kind == kind).collect();
    if of_kind.is_empty() {
        return Vec::new();
    }
    let grids = of_kind.iter().map(|visual| visual.patches.grid);
    let rows: usize = grids.clone().map(|grid| grid.patches()).sum();
    let sides = grids.flat_map(|grid| [grid.t as i64, grid.h as i64, grid.w as i64]);
    let pixels = of_kind.iter().flat_map(|visual| &visual.patches.values);
    vec![
        Tensor {
            name: names[0],
            dtype: Dtype::F32,
            shape: vec![rows, columns],
            bytes: pixels.flat_map(|value| value.to_le_bytes()).collect(),
        },
        Tensor::i64(names[1], vec![of_kind.len(), 3], sides),
    ]
}

/// A named tensor and its bytes.
struct Tensor {
    name: &'static str,
    dtype: Dtype,
    shape: Vec<usize>,
    bytes: Vec<u8>,
}

impl Tensor {
    fn i64(name: &'static str, shape: Vec<usize>, values: impl Iterator<Item = i64>) -> Self {
        Self { name, dtype: Dtype::I64, shape, bytes: values.flat_map(i64::to_le_bytes).collect() }
    }

    fn view(&self) -> Result<(&'static str, TensorView<'_>), safetensors::SafeTensorError> {
        Ok((self.name, TensorView::new(self.dtype, self.shape.clone(), &self.bytes)?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_cannot_leave_the_output_folder() {
        assert_eq!(file_name("7"), "7.safetensors");
        assert_eq!(file_name("../../etc/x"), "%2E.%2F..%2Fetc%2Fx.safetensors");
        assert_eq!(file_name("a%2Fb"), "a%252Fb.safetensors");
        assert_eq!(file_name("图.1"), "图.1.safetensors");
    }
}
