using RenderFarm.Diffusion.Models;

namespace RenderFarm.Diffusion.Prompts;

/// <summary>What a prompt in stable-diffusion-webui's syntax may ask of a model. Malformed syntax is text and never refused.</summary>
internal static class PromptRules
{
    // Of all prompts that AND joins: 4800 tokens. Every chunk is a run of the text encoder and lengthens every run of the UNet.
    private const int MaxChunks = 64;

    // A prompt that changes is written out for every step.
    private const int MaxCharacters = 100_000;

    private const string Hypernetwork = "hypernet";

    public static void Check(ImageRequest request, ModelFolder model)
    {
        if (request.PromptSyntax != PromptSyntaxNames.Webui)
        {
            return;
        }

        CheckCharacters(nameof(request.Prompt), request.Prompt);
        CheckCharacters(nameof(request.NegativePrompt), request.NegativePrompt);
        var read = ExtraNetworks.Parse(PromptComments.Strip(request.Prompt));
        if (read.Others.FirstOrDefault(other => other.Kind == Hypernetwork) is { } network)
        {
            throw new RenderRequestException(nameof(request.Prompt), $"'<{network.Kind}:{network.Arguments}>'", "a prompt without hypernetworks");
        }

        CheckAlone(nameof(request.Prompt2), request.Prompt2);
        CheckAlone(nameof(request.NegativePrompt2), request.NegativePrompt2);
        var parts = PromptComposition.Parse(read.Prompt);
        if (parts is not [(_, 1.0)] && model.Parts.Family.IsConsistencyModel)
        {
            throw new RenderRequestException(nameof(request.Prompt), "several prompts or a weighted one", $"one prompt of weight 1, because {model.Name} ({model.Family}) has no negative prompt to weigh them against");
        }

        CheckChunks(nameof(request.Prompt), parts.Select(part => part.Text), request.Emphasis, model);
        CheckChunks(nameof(request.NegativePrompt), [PromptComments.Strip(request.NegativePrompt)], request.Emphasis, model);
    }

    private static void CheckAlone(string field, string? given)
    {
        if (given is not null)
        {
            throw new RenderRequestException(field, $"'{given}'", $"null in the syntax {PromptSyntaxNames.Webui}, where both text encoders read the same prompt");
        }
    }

    private static void CheckCharacters(string field, string prompt)
    {
        if (prompt.Length > MaxCharacters)
        {
            throw new RenderRequestException(field, $"{prompt.Length} characters long", $"at most {MaxCharacters}");
        }
    }

    private static void CheckChunks(string field, IEnumerable<string> texts, string emphasis, ModelFolder model)
    {
        var chunks = texts.Sum(text => ChunkedPrompt.Cut(Emphasis.Parse(text, emphasis), model.Parts.Tokenizer).Chunks.Count);
        if (chunks > MaxChunks)
        {
            throw new RenderRequestException(field, $"{chunks} chunks of {model.Parts.Tokenizer.Length - 2} tokens", $"at most {MaxChunks}");
        }
    }
}
