//! The form in which Qwen2-VL and Qwen2.5-VL were published, for folders that carry no template.

/// Turns in `<|im_start|>role … <|im_end|>`, a default system turn when the conversation brings none,
/// and one placeholder between vision marks for each visual.
pub(super) const PUBLISHED_FORM: &str = r#"{%- set seen = namespace(images=0, videos=0) -%}
{%- macro visual(pad) -%}<|vision_start|>{{ pad }}<|vision_end|>{%- endmacro -%}
{%- for turn in messages -%}
  {%- if loop.first and turn.role != 'system' -%}
    {{- '<|im_start|>system\nYou are a helpful assistant.<|im_end|>\n' -}}
  {%- endif -%}
  {{- '<|im_start|>' ~ turn.role ~ '\n' -}}
  {%- if turn.content is string -%}
    {{- turn.content -}}
  {%- else -%}
    {%- for part in turn.content -%}
      {%- if part.type == 'image' -%}
        {%- set seen.images = seen.images + 1 -%}
        {%- if add_vision_id -%}{{- 'Picture ' ~ seen.images ~ ': ' -}}{%- endif -%}
        {{- visual('<|image_pad|>') -}}
      {%- elif part.type == 'video' -%}
        {%- set seen.videos = seen.videos + 1 -%}
        {%- if add_vision_id -%}{{- 'Video ' ~ seen.videos ~ ': ' -}}{%- endif -%}
        {{- visual('<|video_pad|>') -}}
      {%- else -%}
        {{- part.text -}}
      {%- endif -%}
    {%- endfor -%}
  {%- endif -%}
  {{- '<|im_end|>\n' -}}
{%- endfor -%}
{%- if add_generation_prompt -%}{{- '<|im_start|>assistant\n' -}}{%- endif -%}
"#;
