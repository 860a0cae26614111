"""English first names that are mostly men's or mostly women's. Pure."""

from __future__ import annotations

from longsum.similarity import listed

MALE_NAMES = listed(
    """
    aaron abraham adam adolf adrian alan albert alex alexander alfred allan allen ambrose andrew
    andy anthony antonio archibald arnold arthur august augustus barry benjamin bernard bill billy
    bob brian bruce bruno carl carlos cecil charles charlie chester chris christian christopher
    clarence claude clifford craig cyril dan daniel darren dave david dennis derek dick donald
    douglas duncan earl eddie edgar edmund edward edwin eli elijah eric ernest eugene felix
    ferdinand francis francisco frank franklin fred frederick gabriel gary geoff geoffrey george
    gerald gilbert giovanni giuseppe glenn gordon gregory gustav guy hans harold harry harvey hector
    heinrich heinz henri henry herbert herman horace howard hubert hugh hugo ian isaac ivan jack
    jacob jacques jake james jason jean jeff jeffrey jeremy jerome jerry jim jimmy joe johann
    johannes john johnny jonathan jose josef joseph joshua juan julius karl keith ken kenneth kevin
    larry lawrence leo leon leonard leopold lewis lionel lloyd louis luke luther malcolm manuel
    marcus mario mark martin matthew maurice max michael miguel mike mohammed muhammad nathan
    nathaniel ned neil nicholas nick nigel noah norman olaf oliver oscar otto owen patrick paul
    pedro percy pete peter phil philip philippe pierre ralph ray raymond reginald richard rob robert
    roger roland ron ronald roy rudolf rupert russell sam samuel scott sean sebastian sergei seth
    sidney silas simon solomon stan stanley stephen steve steven stewart stuart sylvester ted terry
    theodore thomas tim timothy tobias tom tommy tony tristan ulysses vernon victor vincent vladimir
    walter warren wayne wilfred wilhelm william winston wolfgang
    """
)
FEMALE_NAMES = listed(
    """
    abigail ada adelaide agatha agnes alice alma amanda amelia amy angela anita ann anna anne annie
    audrey barbara beatrice bella bertha bessie betty brenda bridget carol caroline carrie catherine
    cecilia charlotte christina christine claire clara clementine constance cora cynthia daisy
    deborah delia della diana dinah dolores donna dora doris dorothea dorothy edith edna effie
    eileen elaine eleanor elena elisabeth eliza elizabeth ella ellen elsie emily emma esther ethel
    eugenia eunice eva eve evelyn fanny flora florence frances freda georgia gertrude gladys gloria
    grace greta gretel gwen hannah harriet hattie hazel heather heidi helen helena henrietta hester
    hilda ida ingrid irene iris isabel isabella jane janet jean jennifer jenny jessica joan joanna
    josephine joyce judith judy julia juliet karen kate katharine katherine kathleen kitty laura
    lavinia leah lena lillian lily linda lisa louisa louise lucia lucy lydia mabel madeline maggie
    margaret margery maria marian marianne marie marilyn marion marjorie martha mary matilda maud
    melissa mercedes mildred minnie miranda miriam molly monica muriel nancy natalie nellie nicole
    nora norma olga olive olivia pamela patricia pauline peggy penelope phoebe phyllis polly
    priscilla rachel rebecca rhoda rosalind rosamond rose rosemary ruby ruth sally sandra sara sarah
    selma sharon sheila sonia sophia sophie stella sue susan susanna susie sylvia teresa thelma
    theresa ursula valerie vera veronica victoria viola violet virginia vivian wanda wilhelmina
    winifred yvonne zoe
    """
)
