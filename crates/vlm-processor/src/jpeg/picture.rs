//! Scans to samples: at once where one scan brings everything, else by way of all the coefficients.

use super::blocks::{Block, Blocks};
use super::fault::Fault;
use super::frame::{Component, Frame, Process, SIDE};
use super::headers::{Headers, Quantisation, Scan};
use super::idct::transform_row;
use super::plane::Plane;
use super::progressive::Progressive;
use super::scan::{BlockDecoder, Layout, Walk};
use super::sequential::Sequential;
use super::smooth::{Progress, Smoother};
use super::source::{Source, code};
use crate::dispatch::{Task, run_widest};
use crate::limits::ImageLimits;
use crate::pixel_error::ImageError;

/// How often the scans may go over the picture, all components counted. Ordinary progressive files do it ten times;
/// without an end, a few bytes per scan would keep the decoder busy for hours.
const MAX_PASSES: usize = 100;

/// Where scans leave what they bring.
enum Store {
    /// One scan of everything: coefficients of one row of MCUs at a time, and samples.
    Streamed(Vec<Blocks>, Vec<Plane>),
    /// Several scans: all coefficients.
    Gathered(Vec<Blocks>),
    /// The only scan has been read.
    Finished(Vec<Plane>),
}

/// A picture being decoded.
pub(crate) struct Picture {
    frame: Frame,
    /// Each component's table: the one that stood in its slot when its first scan began.
    quantisation: Vec<Option<Quantisation>>,
    store: Store,
    /// Blocks visited so far.
    visited: usize,
    /// What progressive scans have brought.
    progress: Progress,
}

/// One row of blocks on its way to samples.
struct Band<'a> {
    blocks: &'a [Block],
    quantisation: &'a Quantisation,
    samples: &'a mut [u8],
    stride: usize,
}

impl Task for Band<'_> {
    #[inline(always)]
    fn run(self) {
        transform_row(self.blocks, self.quantisation, self.samples, self.stride);
    }
}

impl Picture {
    /// Takes the frame out of the headers and, if the limits allow it, the memory that it needs.
    pub fn new(headers: &mut Headers, first: &Scan, limits: &ImageLimits) -> Result<Self, ImageError> {
        let frame = headers.frame.clone().ok_or(Fault::Marker { code: code::SOS })?;
        let streamed =
            frame.process == Process::Sequential && first.components.len() == frame.components.len();
        limits.check((frame.width as u32, frame.height as u32), memory(&frame, streamed))?;
        if frame.process == Process::Sequential {
            headers.complete_tables();
        }
        let store = if streamed {
            let layout = Layout::new(&frame, first)?;
            let strip = |(index, rows): (usize, usize)| Blocks::new((frame.components[index].padded.0, rows));
            let planes = frame.components.iter().map(Plane::new).collect();
            Store::Streamed(layout.strips().map(strip).collect(), planes)
        } else {
            Store::Gathered(frame.components.iter().map(|component| Blocks::new(component.padded)).collect())
        };
        let count = frame.components.len();
        let progress = Progress::new(count);
        Ok(Self { quantisation: vec![None; count], frame, store, visited: 0, progress })
    }

    /// The frame.
    pub fn frame(&self) -> &Frame {
        &self.frame
    }

    /// Decodes one scan; the place behind it.
    pub fn scan<'a>(
        &mut self,
        headers: &Headers,
        scan: &Scan,
        source: Source<'a>,
    ) -> Result<Source<'a>, Fault> {
        let layout = Layout::new(&self.frame, scan)?;
        self.visited += layout.blocks();
        if self.visited > MAX_PASSES * self.frame.blocks() {
            return Err(Fault::TooManyScans { limit: MAX_PASSES });
        }
        self.keep_quantisation(headers, scan)?;
        let interval = headers.restart_interval;
        if self.frame.process == Process::Sequential {
            let walk = Walk::new(source, Sequential::new(headers, scan)?, layout, interval);
            return Ok(self.walk(walk)?.0);
        }
        let (source, fed) = match Progressive::new(headers, scan)? {
            Progressive::DcFirst(decoder) => self.walk(Walk::new(source, decoder, layout, interval)),
            Progressive::DcRefine(decoder) => self.walk(Walk::new(source, decoder, layout, interval)),
            Progressive::AcFirst(decoder) => self.walk(Walk::new(source, decoder, layout, interval)),
            Progressive::AcRefine(decoder) => self.walk(Walk::new(source, decoder, layout, interval)),
        }?;
        // A scan of one component counts rows of blocks.
        let rows = match scan.components[..] {
            [only] => self.frame.components[only.index].sampling.1,
            _ => 1,
        };
        self.progress.add(scan, fed / rows);
        Ok(source)
    }

    fn keep_quantisation(&mut self, headers: &Headers, scan: &Scan) -> Result<(), Fault> {
        for component in &scan.components {
            let slot = self.frame.components[component.index].table;
            let kept = &mut self.quantisation[component.index];
            if kept.is_none() {
                let table = headers.quantisation.get(slot).copied().flatten();
                *kept = Some(table.ok_or(Fault::NoTable { kind: "quantisation", slot })?);
            }
        }
        Ok(())
    }

    /// Walks to the end of a scan: the place behind it, and the last row of its MCUs that had data.
    fn walk<'a, D: BlockDecoder>(&mut self, mut walk: Walk<'a, D>) -> Result<(Source<'a>, usize), Fault> {
        match &mut self.store {
            Store::Streamed(strips, planes) => {
                for row in 0..walk.rows() {
                    strips.iter_mut().for_each(Blocks::clear);
                    walk.row(row, row, strips)?;
                    for (index, strip) in strips.iter().enumerate() {
                        let component = (&self.frame.components[index], &self.quantisation[index]);
                        transform(component, strip, &mut planes[index], row);
                    }
                }
                self.store = Store::Finished(std::mem::take(planes));
            }
            Store::Gathered(blocks) => {
                for row in 0..walk.rows() {
                    walk.row(row, 0, blocks)?;
                }
            }
            Store::Finished(_) => return Err(Fault::Marker { code: code::SOS }),
        }
        Ok(walk.finish())
    }

    /// The frame and the samples of its components.
    pub fn into_planes(mut self) -> (Frame, Vec<Plane>) {
        let planes = match std::mem::replace(&mut self.store, Store::Finished(Vec::new())) {
            Store::Streamed(_, planes) | Store::Finished(planes) => planes,
            Store::Gathered(blocks) => {
                let smooth = self.progress.calls_for_smoothing(&self.quantisation);
                // Each component's coefficients go as soon as its samples are there.
                blocks
                    .into_iter()
                    .enumerate()
                    .map(|(index, blocks)| self.plane(index, &blocks, smooth))
                    .collect()
            }
        };
        (self.frame, planes)
    }

    /// The samples of one component of which all coefficients are there, or all that come.
    fn plane(&self, index: usize, blocks: &Blocks, smooth: bool) -> Plane {
        let component = &self.frame.components[index];
        let mut plane = Plane::new(component);
        match &self.quantisation[index] {
            Some(quantisation) if smooth => {
                let smoother =
                    Smoother { progress: &self.progress, frame: &self.frame, index, quantisation, blocks };
                let stride = plane.stride();
                for (y, samples) in plane.bands(0).enumerate().take(component.blocks.1) {
                    run_widest(Band { blocks: &smoother.row(y), quantisation, samples, stride });
                }
            }
            table => transform((component, table), blocks, &mut plane, 0),
        }
        plane
    }
}

/// Transforms rows of blocks that begin at row number `strip` of as many. A component without a table has had no
/// scan: its coefficients are zeros.
fn transform(
    (component, quantisation): (&Component, &Option<Quantisation>),
    blocks: &Blocks,
    plane: &mut Plane,
    strip: usize,
) {
    let quantisation = quantisation.as_ref().unwrap_or(&[0; 64]);
    let stride = plane.stride();
    let from = strip * blocks.height();
    for (blocks, samples) in blocks.rows().zip(plane.bands(from)) {
        let blocks = &blocks[..component.blocks.0];
        run_widest(Band { blocks, quantisation, samples, stride });
    }
}

/// The most bytes taken at any time. Pixels are painted from planes when the coefficients are gone, and a component's
/// samples are made while its coefficients and all samples before it are there.
fn memory(frame: &Frame, streamed: bool) -> u64 {
    let samples = (frame.blocks() * SIDE * SIDE) as u64;
    let pixels = (frame.width * frame.height * 3) as u64;
    let painting = samples + pixels;
    if streamed { painting } else { painting.max(3 * samples) }
}
