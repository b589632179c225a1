/// How a token is chosen among those that can follow, in OpenAI's and llama.cpp's terms.
///
/// The steps are taken in llama.cpp's order: ``logitBias``, the penalties, ``topK``, ``topP``, ``minP``, and
/// ``temperature`` last, so that a high temperature flattens the distribution among the tokens that were plausible
/// before. At temperature 0 the likeliest token is taken after bias and penalties, the one with the smallest number
/// among equals, and nothing is random.
public struct SamplingOptions: Sendable, Equatable {
    /// 0 takes the likeliest; larger values flatten the distribution.
    public var temperature: Float
    /// Only this many of the likeliest tokens; 0 for all.
    public var topK: Int
    /// Only the likeliest tokens that together have this share; 1 for all.
    public var topP: Float
    /// Only tokens that are at least this many times as likely as the likeliest; 0 for all.
    public var minP: Float
    /// What the logit of a token that occurs in the text is divided by when it is positive and multiplied by when it is
    /// not (Keskar and others, "CTRL", 2019; `repeat_penalty` of llama.cpp); 1 for no penalty.
    public var repetitionPenalty: Float
    /// How many of the last tokens of prompt and answer the repetition penalty looks at; `nil` for all of them.
    public var repetitionWindow: Int?
    /// What is taken off a token's logit for every time that the answer holds it.
    public var frequencyPenalty: Float
    /// What is taken off a token's logit when the answer holds it at all.
    public var presencePenalty: Float
    /// What is added to the logits of single tokens.
    public var logitBias: [Token: Float]
    /// Where the random numbers begin: the same seed gives the same text.
    public var seed: UInt64

    /// Creates options; without arguments, plain sampling at temperature 1.
    public init(
        temperature: Float = 1,
        topK: Int = 0,
        topP: Float = 1,
        minP: Float = 0,
        repetitionPenalty: Float = 1,
        repetitionWindow: Int? = nil,
        frequencyPenalty: Float = 0,
        presencePenalty: Float = 0,
        logitBias: [Token: Float] = [:],
        seed: UInt64 = 0
    ) {
        self.temperature = temperature
        self.topK = topK
        self.topP = topP
        self.minP = minP
        self.repetitionPenalty = repetitionPenalty
        self.repetitionWindow = repetitionWindow
        self.frequencyPenalty = frequencyPenalty
        self.presencePenalty = presencePenalty
        self.logitBias = logitBias
        self.seed = seed
    }
}
