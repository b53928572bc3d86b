using System.Globalization;
using System.Text;

namespace RenderFarm.Diffusion.Prompts;

/// <summary>A prompt that holds up to and with a step, counted from 1.</summary>
internal readonly record struct ScheduledText(int LastStep, string Text);

/// <summary>
/// Prompt editing as stable-diffusion-webui 1.10 does it: [from:to:when], [to:when], [from::when] change the prompt after step "when",
/// which is a share of the steps if it has a point; [a|b] alternates at every step. What the grammar does not know stays as it is.
/// </summary>
internal static class PromptSchedule
{
    /// <summary>The texts in order, the last one up to the last step. With two passes, "when" counts through both and this is the second one's schedule.</summary>
    public static IReadOnlyList<ScheduledText> Parse(string prompt, int steps, int? hiresSteps = null)
    {
        var last = hiresSteps ?? steps;
        if (EditGroups.Find(prompt) is not { } groups)
        {
            return [new ScheduledText(last, prompt)];
        }

        SortedSet<int> ends = [last];
        Dictionary<int, int> changes = [];
        foreach (var (start, group) in groups)
        {
            if (group.When is null)
            {
                ends.UnionWith(Enumerable.Range(1, last));
                continue;
            }

            if (ChangeStep(group.When, steps, hiresSteps) is not { } change)
            {
                return [new ScheduledText(last, prompt)];
            }

            changes.Add(start, change);
            if (change >= 1)
            {
                ends.Add(change);
            }
        }

        // Texts that come again, as those of an alternation do, are kept once.
        Dictionary<string, string> texts = new(StringComparer.Ordinal);
        return [.. ends.Select(step => new ScheduledText(step, Once(texts, At(prompt, step, groups, changes))))];
    }

    private static string Once(Dictionary<string, string> texts, string text) =>
        texts.TryAdd(text, text) ? text : texts[text];

    /// <summary>The last step of the text before; null where the number is too large for a step.</summary>
    private static int? ChangeStep(string when, int steps, int? hiresSteps)
    {
        // In the second pass whole numbers go on where the first pass ended, and shares from 1 to 2.
        var number = double.Parse(when, CultureInfo.InvariantCulture);
        var step = when.Contains('.', StringComparison.Ordinal)
            ? (number - (hiresSteps is null ? 0 : 1)) * (hiresSteps ?? steps)
            : number - (hiresSteps is null ? 0 : steps);
        return double.IsFinite(step) ? (int)Math.Clamp(Math.Truncate(step), int.MinValue, hiresSteps ?? steps) : null;
    }

    private static string At(string prompt, int step, Dictionary<int, EditGroup> groups, Dictionary<int, int> changes)
    {
        var text = new StringBuilder(prompt.Length);
        Stack<(int Next, int End)> outside = [];
        var (at, end) = (0, prompt.Length);
        while (true)
        {
            if (at < end && prompt[at] == '[' && groups.TryGetValue(at, out var group))
            {
                outside.Push((group.End + 1, end));
                var part = group.When is null ? (step - 1) % (group.Bounds.Length - 1) : step <= changes[at] ? 0 : 1;
                (at, end) = (group.Bounds[part] + 1, group.Bounds[part + 1]);
            }
            else if (at < end)
            {
                text.Append(prompt[at++]);
            }
            else if (!outside.TryPop(out var back))
            {
                return text.ToString();
            }
            else
            {
                (at, end) = back;
            }
        }
    }
}
