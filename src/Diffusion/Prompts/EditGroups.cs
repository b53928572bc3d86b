using System.Text.RegularExpressions;

namespace RenderFarm.Diffusion.Prompts;

/// <summary>
/// One [from:to:when], [to:when] or [a|b]. Bounds are the indices of its brackets and of what parts it; When is null for an alternation,
/// and has a point where it is a share of the steps.
/// </summary>
internal sealed record EditGroup(int[] Bounds, string? When)
{
    public int End => Bounds[^1];
}

/// <summary>
/// Finds prompt editing and alternation in a prompt, as stable-diffusion-webui 1.10's grammar does: a group's brackets are balanced and
/// everything in it is a group too; any other bracket is text. Where that grammar has several readings and its parser takes one by chance,
/// this takes the one with groups.
/// </summary>
internal static partial class EditGroups
{
    /// <summary>The groups by the index of their bracket; null where the prompt is outside the grammar: a bar outside of [a|b], a backslash before nothing.</summary>
    public static Dictionary<int, EditGroup>? Find(string prompt)
    {
        Dictionary<int, EditGroup> groups = [];
        Stack<List<int>> open = [];
        var looseBars = 0;
        for (var at = 0; at < prompt.Length; at++)
        {
            switch (prompt[at])
            {
                case '\\' when at + 1 == prompt.Length || prompt[at + 1] == '\n':
                    return null;
                case '\\':
                    at++;
                    break;
                case '(' or '[':
                    open.Push([at]);
                    break;
                case ':' or '|':
                    looseBars += prompt[at] == '|' ? 1 : 0;
                    if (open.TryPeek(out var inside))
                    {
                        inside.Add(at);
                    }

                    break;
                case ')' or ']':
                    if (!TryClose(prompt, at, open, groups, ref looseBars))
                    {
                        // A bracket that is text makes text of all brackets around it.
                        open.Clear();
                    }

                    break;
            }
        }

        return looseBars == 0 ? groups : null;
    }

    private static bool TryClose(string prompt, int at, Stack<List<int>> open, Dictionary<int, EditGroup> groups, ref int looseBars)
    {
        if (!open.TryPop(out var bounds) || (prompt[bounds[0]] == '(') != (prompt[at] == ')'))
        {
            return false;
        }

        bounds.Add(at);
        var parts = bounds.Count - 1;
        var bars = bounds.Count(index => prompt[index] == '|');
        if (prompt[at] == ')')
        {
            // (text) and (text:weight) are emphasis, which is read elsewhere.
            return bars == 0 && parts <= 2;
        }

        if (bars == parts - 1)
        {
            looseBars -= bars;
            if (parts > 1)
            {
                groups.Add(bounds[0], new EditGroup([.. bounds], null));
            }

            return true;
        }

        var start = Characters.SkipSpace(prompt, bounds[^2] + 1);
        var when = start..Characters.TrimEnd(prompt, start, at);
        if (bars > 0 || parts > 3 || start > at || !When().IsMatch(prompt.AsSpan(when)))
        {
            return false;
        }

        // [to:when] has an empty "from", which ends where it begins.
        int[] before = parts == 2 ? [bounds[0] - 1, bounds[0]] : [bounds[0]];
        groups.Add(bounds[0], new EditGroup([.. before, .. bounds[1..]], prompt[when]));
        return true;
    }

    [GeneratedRegex("""^[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?\z""", RegexOptions.CultureInvariant)]
    private static partial Regex When();
}
