//! Pictures and videos of a record, and how the processor finds them.

use std::path::PathBuf;

use vlm_processor::{
    Content, EncodedPicture, ImageLimits, Message, Part, PictureFault, PictureSource, Role, Row, VideoSource,
};

use crate::picture::ImageRef;

/// A video of a record.
#[derive(Clone, Debug)]
pub enum VideoRef {
    /// Frames in order of time.
    Frames(Vec<ImageRef>),
    /// A clip in a container such as mp4: its name, relative to the data set's image folder.
    Clip(String),
}

/// What the image and video parts of a record's messages show, in order. Nothing is read before it is used.
#[derive(Clone, Debug, Default)]
pub struct Visuals {
    /// The pictures.
    pub images: Vec<ImageRef>,
    /// The videos.
    pub videos: Vec<VideoRef>,
    /// Frames per second of the frame lists, where the row says.
    pub fps: Option<f64>,
}

impl Visuals {
    /// No pictures and no videos.
    pub const NONE: Self = Self { images: Vec::new(), videos: Vec::new(), fps: None };

    /// Pictures only.
    pub fn of_images(images: Vec<ImageRef>) -> Self {
        Self { images, ..Self::NONE }
    }

    /// A user turn that shows everything, then says `text`.
    pub fn user_turn(&self, text: impl Into<String>) -> Message {
        if self.images.is_empty() && self.videos.is_empty() {
            return Message::text(Role::User, text);
        }
        let images = self.images.iter().map(|_| Part::Image);
        let videos = self.videos.iter().map(|_| Part::Video);
        let parts = images.chain(videos).chain([Part::Text(text.into())]).collect();
        Message { role: Role::User, content: Content::Parts(parts) }
    }

    /// A row for the processor that finds its pictures in `self` as a [`PictureSource`].
    pub(crate) fn row(&self, id: &str, messages: Vec<Message>) -> Row {
        let video = |(index, video): (usize, &VideoRef)| match video {
            VideoRef::Frames(frames) => {
                VideoSource::Frames((0..frames.len()).map(|frame| format!("{index}/{frame}")).collect())
            }
            VideoRef::Clip(name) => VideoSource::Clip(name.clone()),
        };
        Row {
            id: id.to_owned(),
            messages,
            images: (0..self.images.len()).map(|index| index.to_string()).collect(),
            videos: self.videos.iter().enumerate().map(video).collect(),
            fps: self.fps,
            completion: None,
            completion_ids: None,
        }
    }

    /// The picture that a row of [`Visuals::row`] calls `name`: `3` is an image, `0/3` a frame of the first video.
    fn find(&self, name: &str) -> Option<&ImageRef> {
        let Some((video, frame)) = name.split_once('/') else {
            return self.images.get(name.parse::<usize>().ok()?);
        };
        match self.videos.get(video.parse::<usize>().ok()?)? {
            VideoRef::Frames(frames) => frames.get(frame.parse::<usize>().ok()?),
            VideoRef::Clip(_) => None,
        }
    }
}

impl PictureSource for Visuals {
    fn read(&self, name: &str, limits: &ImageLimits) -> Result<EncodedPicture, PictureFault> {
        let unavailable = |reason: String| PictureFault::Unavailable { reason };
        let picture =
            self.find(name).ok_or_else(|| unavailable(format!("the record has no picture {name:?}")))?;
        let bytes = picture.open_capped(limits).map_err(|error| unavailable(error.to_string()))?;
        Ok(EncodedPicture { bytes, place: PathBuf::from(picture.to_string()) })
    }
}
