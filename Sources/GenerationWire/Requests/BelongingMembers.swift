import JSONBytes

/// Where in a request's body the members stand that tell whom it belongs to, each as the range of its value.
///
/// They are found on the way when the request is read, so that whoever wants to know reads a few bytes and not the whole
/// body again.
public struct BelongingMembers: Sendable, Equatable {
    /// `metadata`, an object of the client's own making.
    public var metadata: Range<Int>?
    /// `client_metadata`, where Codex repeats its headers.
    public var clientMetadata: Range<Int>?
    /// `prompt_cache_key`, by which engines find a prefix again.
    public var promptCacheKey: Range<Int>?
    /// `user`, the end user of whoever asks.
    public var user: Range<Int>?

    /// No member has been found.
    public init() {}

    /// The place of a top-level member; `nil` when it tells nothing of this.
    static func place(
        of key: JSONReader.StringToken,
        in body: borrowing Span<UInt8>
    ) -> WritableKeyPath<BelongingMembers, Range<Int>?>? {
        if body.equals(key, "metadata") { return \.metadata }
        if body.equals(key, "client_metadata") { return \.clientMetadata }
        if body.equals(key, "prompt_cache_key") { return \.promptCacheKey }
        return body.equals(key, "user") ? \.user : nil
    }
}
