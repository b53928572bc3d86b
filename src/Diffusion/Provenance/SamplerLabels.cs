namespace RenderFarm.Diffusion.Provenance;

/// <summary>Samplers and schedules by the labels of stable-diffusion-webui, and back.</summary>
internal static class SamplerLabels
{
    /// <summary>Names the sampler of <see cref="SamplerNames"/> where the label alone would mean webui's of <see cref="WebuiSamplerNames"/>.</summary>
    public const string OwnKey = "Diffusers sampler";

    public const string SamplerKey = "Sampler";
    public const string ScheduleKey = "Schedule type";

    public static string Sampler(string sampler) => sampler switch
    {
        SamplerNames.Ddim => "DDIM",
        SamplerNames.Euler => WebuiSamplerNames.Euler,
        SamplerNames.EulerAncestral => WebuiSamplerNames.EulerAncestral,
        SamplerNames.DpmPlusPlus2M => WebuiSamplerNames.DpmPlusPlus2M,
        SamplerNames.Ddpm => "DDPM",
        SamplerNames.Pndm => "PLMS",
        SamplerNames.Lms => WebuiSamplerNames.Lms,
        SamplerNames.Heun => WebuiSamplerNames.Heun,
        SamplerNames.Dpm2 => WebuiSamplerNames.Dpm2,
        SamplerNames.Dpm2Ancestral => WebuiSamplerNames.Dpm2Ancestral,
        SamplerNames.DpmPlusPlus2MSde => WebuiSamplerNames.DpmPlusPlus2MSde,
        SamplerNames.DpmPlusPlus2S => "DPM++ 2S",
        SamplerNames.Deis => "DEIS",
        SamplerNames.UniPc => "UniPC",
        SamplerNames.Lcm => "LCM",
        SamplerNames.Tcd => "TCD",
        _ when WebuiSamplerNames.All.Contains(sampler) => sampler,
        _ => throw new RenderRequestException(nameof(ImageRequest.Sampler), $"'{sampler}'", $"one of {string.Join(", ", SamplerNames.All.Concat(WebuiSamplerNames.All))}"),
    };

    public static string? Own(string? sampler) => SamplerNames.All.Contains(sampler) ? sampler : null;

    public static string Schedule(string schedule, string sampler) => schedule switch
    {
        ScheduleNames.Karras => WebuiScheduleNames.Karras,
        ScheduleNames.Model => WebuiSamplerNames.All.Contains(sampler) ? WebuiScheduleNames.Automatic : WebuiScheduleNames.Uniform,
        var name when WebuiScheduleNames.All.Contains(name) => name,
        var other => throw new RenderRequestException(nameof(ImageRequest.Schedule), $"'{other}'", $"one of {string.Join(", ", ScheduleNames.All.Concat(WebuiScheduleNames.All))}"),
    };

    /// <summary>
    /// The library's own sampler where the text names one, else webui's; a label that only diffusers has means diffusers'. An unknown label stays,
    /// to be refused by name. Older texts have the schedule at the end of the sampler: "DPM++ 2M Karras".
    /// </summary>
    public static ImageRequest Read(ImageRequest request, Generation generation)
    {
        if (generation.Text(SamplerKey) is not { } label)
        {
            return request;
        }

        var schedule = generation.Text(ScheduleKey) ?? WebuiScheduleNames.Automatic;
        if (WebuiScheduleNames.All.OrderByDescending(name => name.Length).FirstOrDefault(name => label.EndsWith($" {name}", StringComparison.Ordinal)) is { } last)
        {
            (label, schedule) = (label[..^(last.Length + 1)], last);
        }

        var sampler = generation.Text(OwnKey) ?? Named(label);
        return request with { Sampler = sampler, Schedule = ScheduleNamed(schedule, sampler) };
    }

    public static string Named(string label) =>
        WebuiSamplerNames.All.Contains(label) ? label : SamplerNames.All.FirstOrDefault(name => Sampler(name) == label) ?? label;

    /// <summary>What a schedule's label means for a sampler: diffusers' know the model's own and Karras's.</summary>
    public static string ScheduleNamed(string label, string sampler) => SamplerNames.All.Contains(sampler)
        ? label == WebuiScheduleNames.Karras ? ScheduleNames.Karras : ScheduleNames.Model
        : label == WebuiScheduleNames.Automatic ? ScheduleNames.Model : label;
}
