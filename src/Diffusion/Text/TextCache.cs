namespace RenderFarm.Diffusion.Text;

/// <summary>What a conditioning depends on: the tokens and the layer.</summary>
internal readonly record struct TextKey(int[] Tokens, int ClipSkip)
{
    public bool Equals(TextKey other) => ClipSkip == other.ClipSkip && Tokens.AsSpan().SequenceEqual(other.Tokens);

    public override int GetHashCode()
    {
        var hash = default(HashCode);
        hash.Add(ClipSkip);
        foreach (var token in Tokens)
        {
            hash.Add(token);
        }

        return hash.ToHashCode();
    }
}

/// <summary>The conditionings used last, by tokens. Not for several threads at once.</summary>
internal sealed class TextCache(int capacity)
{
    private readonly Dictionary<TextKey, LinkedListNode<(TextKey Key, Conditioning Value)>> _byKey = [];
    private readonly LinkedList<(TextKey Key, Conditioning Value)> _byUse = [];

    public Conditioning? Find(TextKey key)
    {
        if (!_byKey.TryGetValue(key, out var node))
        {
            return null;
        }

        _byUse.Remove(node);
        _byUse.AddFirst(node);
        return node.Value.Value;
    }

    public void Add(TextKey key, Conditioning value)
    {
        _byKey[key] = _byUse.AddFirst((key, value));
        while (_byKey.Count > capacity)
        {
            _byKey.Remove(_byUse.Last!.Value.Key);
            _byUse.RemoveLast();
        }
    }
}
