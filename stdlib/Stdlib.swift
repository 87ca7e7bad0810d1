/// The part of the language that is written in the language: the `.ss` files of this folder, embedded in the binary.
public enum Stdlib {
    /// Name and text of each file, in the order in which they run.
    public static let sources: [(name: String, source: String)] = [
        ("numbers.ss", PackageResources.numbers_ss),
        ("pipeline.ss", PackageResources.pipeline_ss),
        ("unet3d.ss", PackageResources.unet3d_ss),
        ("attention.ss", PackageResources.attention_ss),
    ].map { ($0, String(decoding: $1, as: UTF8.self)) }
}
