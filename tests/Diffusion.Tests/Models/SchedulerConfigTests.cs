using RenderFarm.Diffusion.Models;

namespace RenderFarm.Diffusion.Tests.Models;

public sealed class SchedulerConfigTests
{
    [Theory]
    [InlineData("clip_sample", "true")]
    [InlineData("thresholding", "true")]
    [InlineData("rescale_betas_zero_snr", "true")]
    [InlineData("use_exponential_sigmas", "true")]
    [InlineData("use_beta_sigmas", "true")]
    [InlineData("use_lu_lambdas", "true")]
    [InlineData("use_flow_sigmas", "true")]
    [InlineData("use_dynamic_shifting", "true")]
    [InlineData("lower_order_final", "false")]
    [InlineData("predict_x0", "false")]
    [InlineData("skip_prk_steps", "false")]
    [InlineData("trained_betas", "[0.1, 0.2]")]
    [InlineData("sigma_min", "0.1")]
    [InlineData("sigma_max", "80")]
    [InlineData("lambda_min_clipped", "-5.1")]
    [InlineData("solver_order", "3")]
    [InlineData("solver_type", "\"euler\"")]
    [InlineData("variance_type", "\"learned_range\"")]
    [InlineData("interpolation_type", "\"log_linear\"")]
    [InlineData("timestep_type", "\"continuous\"")]
    [InlineData("original_inference_steps", "1001")]
    [InlineData("original_inference_steps", "0")]
    public void A_setting_that_is_not_followed_is_refused_by_name(string key, string value)
    {
        var problem = Assert.Single(Read($$"""{ "{{key}}": {{value}} }""").Problems);

        Assert.Equal(SchedulerConfig.File, problem.File);
        Assert.Contains(key, problem.Problem, StringComparison.Ordinal);
        Assert.Contains(value, problem.Problem, StringComparison.Ordinal);
    }

    [Fact]
    public void What_the_reference_writes_of_its_own_accord_is_accepted()
    {
        var (config, problems) = Read("""
            {
              "algorithm_type": "dpmsolver++", "clip_sample": false, "euler_at_final": true, "lambda_min_clipped": -Infinity, "lower_order_final": true,
              "original_inference_steps": 40, "predict_x0": true, "sigma_max": null, "sigma_min": null, "skip_prk_steps": true, "solver_order": 2,
              "solver_p": null, "solver_type": "heun", "timestep_scaling": 8.0, "timestep_type": "discrete", "variance_type": null
            }
            """);

        Assert.Empty(problems);
        Assert.Equal((true, 40, "heun", 8), (config.EndsWithEuler, config.OriginalSteps, config.SolverType, config.TimestepScaling));
    }

    private static (SchedulerConfig Config, IReadOnlyList<ModelProblem> Problems) Read(string json)
    {
        var problems = new ProblemList("folder");
        return (SchedulerConfig.Read(ModelJson.Parse(json, SchedulerConfig.File, problems)!), problems.Problems);
    }
}
