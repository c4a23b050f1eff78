# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3 (ipykernel)
#     language: python
#     name: python3
# ---

# %% [markdown] slideshow={"slide_type": "slide"}
# # 6. Ethics and sustainability
#
# **Core question**: a model is trained for a month on ten thousand chips. How much electricity is that,
# how much carbon, who may do it, and which of the usual pieces of advice would change it?
#
# **You will be able to**
# - turn chip hours into energy and carbon, and find the fault in a published footprint;
# - say what location- and market-based mean, and which of them a sentence used;
# - say which law looks at a model, from its compute, its use and its place;
# - rank advice by what it saves in your own case, and name what saves nothing.
#
# **You need first**: [chapter 1](01_scaling_laws.ipynb) for C = 6·N·D; multiplication.
#
# **Time**: 40 minutes to read, 10 seconds to run, 90 minutes for the exercises.
#
# **Mirrors**: A §6.1, §6.2.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## 6.1 From hours to tonnes
#
# Three numbers make the energy (能耗) of a run: the hours of all its chips, the watts (瓦) of each, and the
# power usage effectiveness (电能利用效率, PUE) of the building, what it draws over what its computers draw.
# A fourth makes carbon of it: the grams that the power stations of the place emit for each
# kilowatt-hour (千瓦时).
#
# $$\text{kWh} = \text{hours} \cdot \frac{\text{watts}}{1000} \cdot \text{PUE}, \qquad
# \text{tonnes} = \text{kWh} \cdot \frac{\text{grams per kWh}}{10^6}$$
#
# Llama 3.1 405B took 30.84 million hours of H100. An H100 is rated at 700 W.

# %% slideshow={"slide_type": "-"}
from course.classroom.predict import compare, predict

predict(
    "P06.1",
    "Take a household that uses 2,500 kWh a year. For how many such households would the electricity of "
    "these chips have been enough for a year?",
    unit="households",
)

# %% [markdown] slideshow={"slide_type": "notes"}
# Type the two formulas yourself; the next cell checks them.

# %% slideshow={"slide_type": "subslide"}
def my_kwh(gpu_hours, power_w, pue):
    """Energy of chips and building, kWh."""
    return gpu_hours * power_w / 1000 * pue


def my_tonnes(kwh, g_per_kwh):
    """Tonnes that the power stations of the place emit for it."""
    return kwh * g_per_kwh / 1e6


# %% slideshow={"slide_type": "fragment"}
from course.ethics import Footprint

llama = Footprint(gpu_hours=30.84e6, power_w=700, pue=1, place="United States")
assert abs(my_kwh(30.84e6, 700, 1) / llama.energy_kwh - 1) < 1e-9, "kWh: hours · watts / 1000 · PUE"
assert abs(my_tonnes(1e6, 400) - 400) < 1e-9, "tonnes: kWh · grams / 1e6"
compare("P06.1", my_kwh(30.84e6, 700, 1) / 2500, gwh=llama.energy_kwh / 1e6)
llama

# %% [markdown] slideshow={"slide_type": "notes"}
# The household is an example for the size of things. Of "enormous", document A's word, there remains an
# amount that one can argue about.

# %% [markdown] slideshow={"slide_type": "slide"}
# ### Do published footprints follow from their own numbers?
#
# Makers print hours, watts and tonnes side by side. A printed number stands for all that round to it:
# 14.8 days for 14.75 to 14.85. So a footprint can be checked without knowing anything else: multiply the
# inputs, each within its rounding, and see whether what was printed lies within. Meta's cards name no
# factor of the grid; there, the model of a family with the finest rounding must explain its sisters.

# %% slideshow={"slide_type": "-"}
predict(
    "P06.2",
    "Fifteen published figures, from GPT-3 to Llama 4, are checked in this way. How many fail?",
    unit="figures",
)

# %% slideshow={"slide_type": "fragment"}
from course.ethics import published_cases
from course.ethics.plots import draw_cases
from course.figures import new_figure, show

published = published_cases()
failed = [case for case in published.cases if not case.reproduced]
compare("P06.2", len(failed), of=len(published.cases))
figure, axes = new_figure(width=8, height=5.4)
draw_cases(axes, published)
show(figure, alt=f"Computed over published for each figure: all but {len(failed)} agree within rounding.")

# %% slideshow={"slide_type": "fragment"}
for case in failed:
    print(f"{case.model}: printed {case.printed[0]:.4f} to {case.printed[1]:.4f} {case.quantity}, "
          f"computed {case.computed[0]:.4f} to {case.computed[1]:.4f} by {case.how}")
small = next(case for case in published.cases if case.model == "Llama-2-7B")
print(f"twice the printed figure of Llama-2-7B: {2 * 31.22:.2f}")

# %% [markdown] slideshow={"slide_type": "notes"}
# The one that fails misses by a thousandth of a tonne, and tells how it was made: Llama 2 13B took exactly
# twice the hours of 7B, and somebody doubled a number that was rounded already. So these figures are
# honest arithmetic. What they leave out is another matter: the cards count rated watts of chips, no
# building, no machine around the chip, no failed runs, no making of hardware.

# %% slideshow={"slide_type": "skip"}
published

# %% [markdown] slideshow={"slide_type": "slide"}
# ### Where the border lies
#
# BLOOM's authors measured most of what others leave out. And Google publishes two figures for the median
# prompt of Gemini, for two borders.

# %% slideshow={"slide_type": "-"}
from course.evidence import fact

bloom, prompt = fact("energy.BLOOM").value, fact("energy.Gemini-prompt").value
whole = bloom["tonnes"] + bloom["idle_tonnes"] + bloom["embodied_tonnes"]
print(f"BLOOM: {bloom['tonnes']:.1f} t by its working chips, {bloom['idle_tonnes']} t by machines that "
      f"idled, {bloom['embodied_tonnes']} t for making them: {whole:.1f} t, "
      f"{whole / bloom['tonnes']:.1f} times the first")
print(f"a Gemini prompt: {prompt['wh_chips_only']:.2f} Wh of busy chips, {prompt['wh']:.2f} Wh with "
      f"memory, idle machines and building: {prompt['wh'] / prompt['wh_chips_only']:.1f} times")

# %% [markdown] slideshow={"slide_type": "fragment"}
# Twice or more by the border alone. Carbon has a second choice. **Location-based** (基于位置) counts what the
# power stations of the place emit. **Market-based** (基于市场) takes off what was bought as certificates
# elsewhere. For the same electricity Meta's card of Llama 3.1 prints thousands of tonnes by the first and
# 0 t by the second. The grams that Google prints for a Gemini prompt are market-based.

# %% slideshow={"slide_type": "-"}
card = sum(fact(f"energy.Llama-3.1-{size}").value["kilotonnes"] for size in ("8B", "70B", "405B"))
print(f"Llama 3.1 by its card: {1000 * card:,.0f} t location-based")
certified = Footprint(gpu_hours=39.3e6, power_w=700, pue=1, place="United States", matched=1)
print(f"the same hours on the grid of the {certified.place}: {certified.tonnes:,.0f} t "
      f"location-based, {certified.market_tonnes:,.0f} t market-based")
print(f"making the machines, for these hours: about {certified.embodied_tonnes:,.0f} t (an estimate)")

# %% [markdown] slideshow={"slide_type": "slide"}
# ### The same run in thirty provinces
#
# China's ministry publishes a factor for each of thirty provinces (CO2 alone, by use of electricity, year
# 2023); Our World in Data one for each country (CO2eq, over the life cycle). The two sorts are not the same
# measure: compare provinces with provinces.

# %% slideshow={"slide_type": "-"}
predict(
    "P06.3",
    "The same run, the same chips. How many times as much CO2 does the dirtiest of thirty provinces emit as "
    "the cleanest?",
    unit="times",
)

# %% slideshow={"slide_type": "fragment"}
from course.ethics import grids
from course.ethics.plots import draw_places
from course.ethics.views import places_view

provinces = sorted(grids("province").values(), key=lambda one: one.g_per_kwh)
compare("P06.3", provinces[-1].g_per_kwh / provinces[0].g_per_kwh,
        clean=provinces[0].place, dirty=provinces[-1].place)
figure, axes = new_figure(width=7.2, height=6.6)
draw_places(axes, places_view("Llama-3.1-405B", "H100", 1.2))
show(figure, alt="The run's tonnes in each province and in five countries, the cleanest at the bottom.")

# %% [markdown] slideshow={"slide_type": "subslide"}
# Hydropower makes three of them. Questions for the explorer:
#
# 1. Which moves the tonnes most: a newer chip, the best building instead of a poor one, or the place?
# 2. DeepSeek-V3 has more parameters than Llama 3.1 405B. Why is its footprint a tenth?
# 3. At which PUE does a run in Guangdong emit as much as one in Beijing at 1.1?

# %% slideshow={"slide_type": "slide"}
from course.ethics.explorer import footprint_explorer

footprint_explorer()

# %% [markdown] slideshow={"slide_type": "notes"}
# **How to read it.** Each mark is the same run in another place, the cleanest at the bottom. Chip and
# building move all marks together, on this axis by an equal distance; the place is the spread itself. A
# mixture of experts computes with its active parameters only: 37 of 671 billion.

# %% slideshow={"slide_type": "skip"}
from course.evidence import cards

cards("K100", "K104")

# %% [markdown] slideshow={"slide_type": "slide"}
# ## 6.2 Who is affected, and which law looks · A §6.1 规模化的社会影响
#
# Document A names five concerns: concentration of resources (资源集中), the environment, jobs, safety and the
# digital divide (数字鸿沟). Its code then gives all five the same level, by parameters alone: above 100
# billion high, above 10 billion medium. Law counts otherwise: training compute (训练计算量).

# %% slideshow={"slide_type": "-"}
predict(
    "P06.4",
    "The EU's border is 10²⁵ FLOP. DeepSeek-V3 has 671 billion parameters, 37 billion of them active, and "
    "read 14.8 trillion tokens; Llama 3.1 405B read 15.6 trillion. Which lies above the border?",
    choices=["both", "DeepSeek-V3", "Llama 3.1 405B", "neither"],
)

# %% slideshow={"slide_type": "fragment"}
border = fact("law.EU-AI-Act").value["flops"]
above = []
for name, shown in (("DeepSeek-V3", "DeepSeek-V3"), ("Llama-3.1-405B", "Llama 3.1 405B")):
    model = fact(f"model.{name}").value
    flops = 6 * model.get("n_active_params", model["n_params"]) * model["n_tokens"]
    above += [shown] if flops > border else []
    print(f"{shown:<15} {model['n_params'] / 1e9:.0f}B parameters: {flops:.2g} FLOP, "
          f"{flops / border:.2f} of the border")
compare("P06.4", {0: "neither", 2: "both"}.get(len(above), above[0]))

# %% [markdown] slideshow={"slide_type": "notes"}
# So A's two levels are in the wrong order: the larger model is the one below the border. Ours asks for what
# law and evidence ask for: compute, use, places, revenue, whether the weights are open, and a footprint.
# Where nothing links scale to harm, its level is "not known".

# %% slideshow={"slide_type": "subslide"}
from IPython.display import HTML

from course.ethics import Deployment, ScalingEthicsAnalyzer, assessment_table

clinic = Deployment(flops=3.3e24, use="health", regions=("EU", "China"), revenue_usd=20e6,
                    open_weights=True, footprint=Footprint(2.8e6, 700, 1.2, "Zhejiang"))
HTML(assessment_table(ScalingEthicsAnalyzer().assess_scaling_ethics(clinic)))

# %% [markdown] slideshow={"slide_type": "notes"}
# The borders for money and tonnes are ours, arguments of the class; those for compute are law. The use
# counts: a model far below every border of compute is high-risk in a clinic, and no model is by its size
# in a game.

# %% slideshow={"slide_type": "subslide"}
from dataclasses import replace

from course.ethics import obligations

for flops, use in ((5e22, "entertainment"), (3.8e25, "chat"), (5e26, "code")):
    model = replace(clinic, flops=flops, use=use, regions=("EU", "California", "China"),
                    revenue_usd=5e9)
    print(f"{flops:.1e} FLOP, {use}")
    for one in obligations(model):
        print(f"   {one.law}, from {one.since or 'a date not confirmed'}: {one.duty}")

# %% [markdown] slideshow={"slide_type": "subslide"}
# ### How concentrated is compute?
#
# The Lorenz curve (洛伦兹曲线) sorts holders from small to large and adds up what they hold; the Gini
# coefficient (基尼系数) is twice the area between it and equality: 0 for all alike, near 1 for one that has
# all. The models of this course whose compute is known belong to eleven developers.

# %% slideshow={"slide_type": "-"}
predict("P06.5", "What share of that compute belongs to the largest of the eleven?", unit="%")

# %% slideshow={"slide_type": "fragment"}
from course.ethics import compute_by_developer, gini
from course.ethics.plots import draw_lorenz

held = compute_by_developer()
first, most = next(iter(held.items()))
compare("P06.5", 100 * most / sum(held.values()), who=first)
figure, axes = new_figure()
draw_lorenz(axes, held)
show(figure, alt="The Lorenz curve of training compute below the line on which all would be alike.")
without = gini(list(held.values())[1:])
print(f"Gini {gini(list(held.values())):.2f}; without {first}, whose compute is an estimate, "
      f"{without:.2f}")

# %% [markdown] slideshow={"slide_type": "notes"}
# A warning: this is a sample by fame, of models from eight years, and the largest figure is an outsider's
# estimate. It says that the models we speak of are unequal, not how unequal the world is.

# %% slideshow={"slide_type": "skip"}
cards("K097", "K098")

# %% [markdown] slideshow={"slide_type": "slide"}
# ## 6.3 What does advice save? · A §6.2 可持续规模化策略
#
# A lists fifteen pieces of advice for green AI (绿色AI) and none has a number. Each can have one, as soon as
# there is a case. We take two: a model of 405 billion parameters that is trained and then writes little, and
# one of 8 billion that writes 10¹⁵ tokens for the world.

# %% slideshow={"slide_type": "-"}
from course.ethics import Plan, SustainableScalingStrategy

plans = {
    "train a 405B, serve little": Plan(405e9, 15.6e12, 1e12, "H100", place="United States"),
    "serve an 8B to the world": Plan(8e9, 15e12, 1e15, "H100", place="China", batch=8),
}
for name, plan in plans.items():
    print(f"{name}: training {plan.training_kwh / 1e6:,.1f} GWh, "
          f"serving {plan.serving_kwh / 1e6:,.1f} GWh")
predict(
    "P06.6",
    "Serving waits for the reading of weights, at a batch of 8. Weights of 4 bits instead of 16: what share "
    "of all the energy does that save in the second case?",
    unit="%",
)

# %% slideshow={"slide_type": "fragment"}
from course.ethics.plots import draw_savings

savings = {name: SustainableScalingStrategy(plan).green_ai_recommendations()
           for name, plan in plans.items()}
first, second = savings.values()
quantised = {s.advice: s for s in second.savings}["quantisation"]
compare("P06.6", 100 * quantised.low)
figure, axes = new_figure(width=8.6, height=6)
draw_savings(axes, savings)
show(figure, alt="What each of fifteen pieces of advice saves, from low to high, in two cases.")

# %% [markdown] slideshow={"slide_type": "notes"}
# **How to read it.** A line is what is not known: how many questions a small model answers, whether a kernel
# uses zeros. A point is arithmetic from data sheets, which is not a measurement either. The order changes
# with the case, so a list without a case is no advice. Distillation (蒸馏) *costs* energy where little is
# served, for the teacher must be trained as well (and the student is not as good: that is not counted).
# Offsets (碳补偿) save nothing location-based, whatever was bought market-based.

# %% slideshow={"slide_type": "subslide"}
second

# %% [markdown] slideshow={"slide_type": "subslide"}
# ### Does a smaller number of bits compute less?
#
# A says that quantisation (量化) reduces computation. It reduces bytes. Whether that saves time and energy
# depends on what a step waits for.

# %% slideshow={"slide_type": "-"}
eight = plans["serve an 8B to the world"]
for batch in (1, 8, 64, 512, 4096):
    here = replace(eight, batch=batch)
    computing, reading = here.step_seconds
    saved = 1 - replace(here, weight_bits=4).serving_kwh / here.serving_kwh
    print(f"batch {batch:>4}: computing {1e3 * computing:6.2f} ms, reading {1e3 * reading:5.2f} ms; "
          f"4 bits save {saved:4.0%} of serving")

# %% [markdown] slideshow={"slide_type": "notes"}
# The FLOP are the same at every precision. Only units for low precision (FP8, FP4) make them cheaper, and
# only where the whole product runs in it. Caches are left out here; chapter 5 counts them.

# %% slideshow={"slide_type": "skip"}
cards("K101", "K102")

# %% [markdown] slideshow={"slide_type": "subslide"}
# ### How much of it is inference?
#
# A: "inference usually costs more than ten times the training". A token costs 6·N FLOP to train on and 2·N
# to write, so that takes thirty tokens written for each one read ([chapter 5](05_inference_and_edge.ipynb)
# shows it). Two firms have said what they use:

# %% slideshow={"slide_type": "-"}
uses = fact("energy.uses").value
google = uses["Google_2019_2021_inference"]
print(f"Google, 2019 to 2021: inference {google:.0%} of the energy, "
      f"{google / (1 - google):.1f} times the training")
print(f"Meta: inference {uses['Meta_inference']:.0%} of the power, "
      f"{uses['Meta_inference'] / uses['Meta_training']:.1f} times the training")
print(f"tokens written for each one trained on: {google / (1 - google) * 3:.1f} and "
      f"{uses['Meta_inference'] / uses['Meta_training'] * 3:.1f}, if energy goes by FLOP")

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Appendix: every claim of A §6.1 and §6.2
#
# The cards above, and what the document says of data, size and inference.

# %% slideshow={"slide_type": "skip"}
cards("K099", "K103", "K105", "K106", "K107", "K108", "K109")

# %% [markdown] slideshow={"slide_type": "slide"}
# ## What is contested here
#
# - **The border.** Chips, machine, building, idle time, failed runs, hardware, network, the user's phone:
#   figures with different borders are compared every day.
# - **Location or market.** Certificates can pay for new plants, or for old ones that ran anyway.
# - **Compute as a measure of risk.** It can be counted before training, which nothing else can; better
#   data and distillation make less compute more able. California and New York took ten times the EU's.
# - **Rebound.** Cheaper answers are asked for more often. None of the savings above counts that.
# - **Water.** One answer of Mistral's is put at 45 mL over the life cycle, one of Gemini at 0.26 mL on
#   site: again the border.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Take-aways
#
# - Hours, watts, PUE, grams: four numbers, one multiplication, and a published footprint can be checked.
# - The place is worth more than most of what can be done to a model: a factor of five between provinces.
# - Law looks at compute, use and place; the number of parameters is in none of the four laws here.
# - Advice needs a case. What saves three quarters in one saves a twentieth in another.
# - Offsets change the account. They do not change the run.

# %% [markdown] slideshow={"slide_type": "skip"}
# ## Further reading
#
# - Patterson et al. (2021), *Carbon Emissions and Large Neural Network Training*,
#   [arXiv:2104.10350](https://arxiv.org/abs/2104.10350).
# - Luccioni et al. (2022), *Estimating the Carbon Footprint of BLOOM*,
#   [arXiv:2211.02001](https://arxiv.org/abs/2211.02001).
# - Elsworth et al. (2025), *Measuring the environmental impact of delivering AI at Google Scale*,
#   [arXiv:2508.15734](https://arxiv.org/abs/2508.15734).
# - Regulation (EU) 2024/1689, articles 51 to 55 and annex III.

# %% [markdown] slideshow={"slide_type": "skip"}
# ## Exercises
#
# From kilowatt-hours to a ranking of your own:
# [06 Ethics and sustainability](../exercises/06_ethics_and_sustainability/06_ethics_and_sustainability.ipynb).
