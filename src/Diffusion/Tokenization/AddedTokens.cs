namespace RenderFarm.Diffusion.Tokenization;

/// <summary>A token that is found in the text as a whole: in the normalised text, or in the text as given.</summary>
internal sealed record AddedToken(string Content, int Id, bool Normalized);

/// <summary>Cuts added tokens out of a text, the leftmost first and of those the longest.</summary>
internal sealed class AddedTokens(IEnumerable<AddedToken> tokens)
{
    private readonly AddedToken[] _tokens = [.. tokens.OrderByDescending(token => token.Content.Length)];

    /// <summary>The pieces in order: plain text with no token, or a token.</summary>
    public IEnumerable<(string Text, int? Token)> Split(string text, bool normalized)
    {
        var candidates = _tokens.Where(token => token.Normalized == normalized).ToArray();
        var nextAt = candidates.Select(token => text.IndexOf(token.Content, StringComparison.Ordinal)).ToArray();
        var start = 0;
        while (true)
        {
            var best = -1;
            for (var i = 0; i < candidates.Length; i++)
            {
                if (nextAt[i] >= 0 && nextAt[i] < start)
                {
                    nextAt[i] = text.IndexOf(candidates[i].Content, start, StringComparison.Ordinal);
                }

                if (nextAt[i] >= 0 && (best < 0 || nextAt[i] < nextAt[best]))
                {
                    best = i;
                }
            }

            var end = best < 0 ? text.Length : nextAt[best];
            if (end > start)
            {
                yield return (text[start..end], null);
            }

            if (best < 0)
            {
                yield break;
            }

            yield return ("", candidates[best].Id);
            start = end + candidates[best].Content.Length;
        }
    }
}
