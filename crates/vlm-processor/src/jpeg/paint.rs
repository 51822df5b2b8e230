//! Samples to pixels, row by row.

use image::RgbImage;

use super::color::Model;
use super::fault::Fault;
use super::frame::Frame;
use super::picture::Picture;
use super::plane::Plane;
use super::upsample::{Scratch, Stretch};
use crate::dispatch::{Task, run_widest};

/// A picture whose components wait to be brought to one size and converted.
pub(crate) struct Canvas {
    frame: Frame,
    model: Model,
    layers: Vec<Layer>,
}

struct Layer {
    plane: Plane,
    stretch: Stretch,
    scratch: Scratch,
}

impl Canvas {
    /// Takes the picture's samples.
    pub fn new(model: Model, picture: Picture) -> Result<Self, Fault> {
        let (frame, planes) = picture.into_planes();
        let layer = |(component, plane)| {
            let stretch = Stretch::of(component, &frame)?;
            Ok(Layer { scratch: Scratch::new(stretch, &plane), plane, stretch })
        };
        let layers = frame.components.iter().zip(planes).map(layer).collect::<Result<_, Fault>>()?;
        Ok(Self { model, frame, layers })
    }

    /// All pixels.
    pub fn paint(self) -> RgbImage {
        let (width, height) = (self.frame.width, self.frame.height);
        let mut pixels = vec![0; 3 * width * height];
        run_widest(Painting { canvas: self, pixels: &mut pixels });
        RgbImage::from_raw(width as u32, height as u32, pixels).expect("three bytes were made for each pixel")
    }
}

struct Painting<'a> {
    canvas: Canvas,
    pixels: &'a mut [u8],
}

impl Task for Painting<'_> {
    #[inline(always)]
    fn run(self) {
        let Canvas { frame, model, mut layers } = self.canvas;
        let count = layers.len();
        for (y, out) in self.pixels.chunks_exact_mut(3 * frame.width).enumerate() {
            let mut rows: [&[u8]; 4] = [&[]; 4];
            for (row, layer) in rows.iter_mut().zip(&mut layers) {
                *row = &layer.stretch.row(&layer.plane, y, &mut layer.scratch)[..frame.width];
            }
            model.convert(&rows[..count], out);
        }
    }
}
